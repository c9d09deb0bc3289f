import LockIcon from "@mui/icons-material/LockOutlined";
import SendIcon from "@mui/icons-material/SendRounded";
import { Box, Button, IconButton, InputBase, Tooltip, Typography, useMediaQuery } from "@mui/material";
import type { PersonId, Summary } from "@otvet/sdk";
import { useDataProvider, useNotify, useStore, useTranslate } from "ra-core";
import { useState, type KeyboardEvent } from "react";
import type { PanelDataProvider } from "../api/dataProvider";
import { describeFailure } from "../api/problem";
import { draftKey } from "../layout/preferences";
import { conversationTopic } from "../realtime/contract";
import { useClient } from "../realtime/session";
import { ComposerMode, type Mode } from "./ComposerMode";
import { composerRules } from "./composerRules";

/** From this many characters left on, the counter shows. */
const COUNTER_FROM = 400;
/** The server passes on one typing signal in two seconds. */
const TYPING_EVERY_MS = 2000;

/** Where a manager writes: an answer to the visitor or a note for the others. */
export function Composer({ conversation, me }: { conversation: Summary; me: PersonId }) {
  const translate = useTranslate();
  const notify = useNotify();
  const client = useClient();
  const fine = useMediaQuery((theme) => theme.breakpoints.up("md"));
  const { canReply, hint } = composerRules(conversation, me);
  const [wanted, setMode] = useState<Mode>("reply");
  const mode: Mode = canReply ? wanted : "note";
  const [text, setText] = useStore<string>(draftKey(me, conversation.id), "");
  const typed = useTypingSignal(conversation.id);

  const body = text.trim();
  // The server counts characters, not UTF-16 units.
  const left = client.limits.body_chars - [...body].length;
  const ready = body !== "" && left >= 0;

  function submit() {
    if (!ready) return;
    setText("");
    const sending = mode === "note" ? client.note(conversation.id, body) : client.send(conversation.id, body);
    sending.catch((error: unknown) => {
      // It could not even be queued: the words go back where they were.
      setText(body);
      notify(describeFailure(error, translate), { type: "error" });
    });
  }

  function onKeyDown(event: KeyboardEvent) {
    // While an input method composes, Enter belongs to it.
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    submit();
  }

  const label = translate(mode === "note" ? "otvet.composer.note" : "otvet.composer.label");
  return (
    <Box component="form" aria-label={label} onSubmit={(event) => { event.preventDefault(); submit(); }} sx={{ flexShrink: 0, borderTop: 1, borderColor: "divider", bgcolor: "background.paper", px: { xs: 1, sm: 2 }, pt: 1, pb: "max(8px, env(safe-area-inset-bottom))" }}>
      {hint !== null && <Hint hint={hint.key} name={hint.name} />}
      <Box sx={{ border: 1, borderRadius: 1.5, borderColor: mode === "note" ? "desk.noteBorder" : "divider", bgcolor: mode === "note" ? "desk.note" : "background.default", "&:focus-within": { borderColor: mode === "note" ? "desk.noteBorder" : "primary.main", boxShadow: (theme) => `0 0 0 1px ${mode === "note" ? theme.palette.desk.noteBorder : theme.palette.primary.main}` } }}>
        <InputBase
          id="composer"
          multiline
          fullWidth
          minRows={fine ? 2 : 1}
          maxRows={fine ? 10 : 6}
          value={text}
          placeholder={translate(`otvet.composer.${mode}_placeholder`)}
          onChange={(event) => {
            setText(event.target.value);
            if (mode === "reply") typed();
          }}
          onKeyDown={onKeyDown}
          slotProps={{ input: { "aria-label": label, "aria-describedby": "composer-hint", "aria-invalid": left < 0 } }}
          sx={{ px: 1.5, pt: 1, pb: 0.5, "& textarea:focus-visible": { outline: "none" } }}
        />
        <Box sx={{ display: "flex", alignItems: "center", gap: 1, px: 0.75, pb: 0.75 }}>
          <ComposerMode mode={mode} canReply={canReply} onChange={setMode} />
          <Typography id="composer-hint" variant="caption" color="textSecondary" noWrap sx={{ flex: 1, minWidth: 0, textAlign: "right" }}>
            {left <= COUNTER_FROM ? <Counter left={left} /> : fine ? translate("otvet.composer.hint") : null}
          </Typography>
          <SubmitButton mode={mode} ready={ready} wide={fine} />
        </Box>
      </Box>
    </Box>
  );
}

function Hint({ hint, name }: { hint: string; name: string }) {
  const translate = useTranslate();
  return <Typography variant="caption" component="div" color="textSecondary" sx={{ px: 0.5, pb: 0.75 }}>{translate(`otvet.composer.${hint}`, { name })}</Typography>;
}

function Counter({ left }: { left: number }) {
  const translate = useTranslate();
  return (
    <Box component="span" role="status" sx={left < 0 ? { color: "error.main", fontWeight: 650 } : {}}>
      {left < 0 ? translate("otvet.composer.too_long", { smart_count: -left }) : translate("otvet.composer.left", { smart_count: left })}
    </Box>
  );
}

function SubmitButton({ mode, ready, wide }: { mode: Mode; ready: boolean; wide: boolean }) {
  const translate = useTranslate();
  const label = translate(mode === "note" ? "otvet.composer.add_note" : "otvet.composer.send");
  const icon = mode === "note" ? <LockIcon fontSize="small" /> : <SendIcon fontSize="small" />;
  if (wide) {
    return <Button type="submit" size="small" variant="contained" color={mode === "note" ? "secondary" : "primary"} disabled={!ready} endIcon={icon}>{label}</Button>;
  }
  return (
    <Tooltip title={label}>
      <span><IconButton type="submit" aria-label={label} color="primary" disabled={!ready}>{icon}</IconButton></span>
    </Tooltip>
  );
}

/** Tells the visitor that somebody writes, no oftener than the server would pass it on. */
function useTypingSignal(id: string): () => void {
  const dataProvider = useDataProvider<PanelDataProvider>();
  const [last] = useState({ at: 0 });
  return () => {
    const now = Date.now();
    if (now - last.at < TYPING_EVERY_MS) return;
    last.at = now;
    // Typing is lost without harm.
    dataProvider.publish(conversationTopic(id), { type: "typing" }).catch(() => undefined);
  };
}
