import { ToggleButton, ToggleButtonGroup } from "@mui/material";
import { useTranslate } from "ra-core";

export type Mode = "reply" | "note";

/** The switch between an answer and a note. */
export function ComposerMode({ mode, canReply, onChange }: { mode: Mode; canReply: boolean; onChange: (mode: Mode) => void }) {
  const translate = useTranslate();
  return (
    <ToggleButtonGroup
      exclusive
      size="small"
      color="primary"
      value={mode}
      aria-label={translate("otvet.composer.mode")}
      onChange={(_, chosen: Mode | null) => chosen !== null && onChange(chosen)}
      sx={{ bgcolor: "background.paper", "& .MuiToggleButton-root": { py: 0.25, px: 1.25, fontSize: 12.5, lineHeight: 1.5 } }}
    >
      <ToggleButton value="reply" disabled={!canReply}>{translate("otvet.composer.reply")}</ToggleButton>
      <ToggleButton value="note">{translate("otvet.composer.note")}</ToggleButton>
    </ToggleButtonGroup>
  );
}
