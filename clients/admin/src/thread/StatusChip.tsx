import { Box } from "@mui/material";
import type { Summary } from "@otvet/sdk";
import { useTranslate } from "ra-core";

/** How a conversation stands: amber waits, ink is in progress, green is resolved. Never by colour alone. */
export function StatusChip({ conversation: { status } }: { conversation: Summary }) {
  const translate = useTranslate();
  const color = status === "waiting" ? "desk.waiting" : status === "resolved" ? "desk.resolved" : "text.secondary";
  return (
    <Box component="span" sx={{ flexShrink: 0, px: 1, borderRadius: 5, border: 1, borderColor: color, color, fontSize: 11.5, lineHeight: "19px", fontWeight: 650, whiteSpace: "nowrap" }}>
      {translate(`otvet.status.${status}`)}
    </Box>
  );
}
