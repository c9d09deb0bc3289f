import DoneIcon from "@mui/icons-material/Done";
import DoneAllIcon from "@mui/icons-material/DoneAll";
import LockIcon from "@mui/icons-material/LockOutlined";
import { Box, Typography, type Theme } from "@mui/material";
import type { SystemStyleObject } from "@mui/system";
import type { Cursor, PersonId } from "@otvet/sdk";
import { useTranslate } from "ra-core";
import type { ReactNode } from "react";
import { useTimeFormats } from "../i18n/time";
import { linked } from "./linked";
import type { MessageEvent } from "./rows";

interface MessageBubbleProps {
  event: MessageEvent;
  first: boolean;
  me: PersonId;
  visitorCursor: Cursor | undefined;
}

/** A message or a note: the visitor's at the left, the managers' at the right, notes across in their own colour. */
export function MessageBubble({ event, first, me, visitorCursor }: MessageBubbleProps) {
  const translate = useTranslate();
  const times = useTimeFormats();
  const note = event.kind === "note";
  const side = sideOf(event);
  const name = event.author.id === me ? translate("otvet.inbox.you") : event.author.name;
  return (
    <Bubble side={side} first={first} label={note ? `${translate("otvet.thread.note")}, ${name}` : name}>
      {first && (
        <Typography variant="caption" component="div" noWrap title={event.author.name} sx={{ fontWeight: 650, opacity: 0.85, display: "flex", alignItems: "center", gap: 0.5 }}>
          {note && <LockIcon sx={{ fontSize: 13 }} titleAccess={translate("otvet.thread.note_hint")} />}
          <Box component="span" sx={{ overflow: "hidden", textOverflow: "ellipsis" }}>{note ? `${translate("otvet.thread.note")} · ${name}` : name}</Box>
        </Typography>
      )}
      <BubbleText>{linked(event.body)}</BubbleText>
      <BubbleFoot>
        <time dateTime={event.at} title={times.full(event.at)}>{times.clock(event.at)}</time>
        {side === "ours" && <Receipt seq={event.seq} cursor={visitorCursor} />}
      </BubbleFoot>
    </Bubble>
  );
}

export type Side = "theirs" | "ours" | "note" | "refused";

export function Bubble({ side, first, label, children }: { side: Side; first: boolean; label: string; children: ReactNode }) {
  return (
    <Box sx={{ display: "flex", justifyContent: side === "theirs" ? "flex-start" : "flex-end", px: { xs: 1.5, sm: 2.5 }, pt: first ? 1.25 : 0.375 }}>
      <Box role="article" aria-label={label} sx={{ minWidth: 0, maxWidth: "min(82%, 620px)", px: 1.5, pt: 0.75, pb: 0.5, borderRadius: 1.75, ...LOOK[side] }}>
        {children}
      </Box>
    </Box>
  );
}

export function BubbleText({ children }: { children: ReactNode }) {
  return <Typography component="div" sx={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>{children}</Typography>;
}

export function BubbleFoot({ children }: { children: ReactNode }) {
  return (
    <Typography variant="caption" component="div" sx={{ display: "flex", justifyContent: "flex-end", alignItems: "center", gap: 0.5, fontSize: 11, mt: 0.125 }}>
      {children}
    </Typography>
  );
}

const LOOK: Record<Side, SystemStyleObject<Theme>> = {
  theirs: { bgcolor: "background.paper", border: 1, borderColor: "divider", borderBottomLeftRadius: 4 },
  ours: { bgcolor: "desk.ours", color: "desk.oursText", border: 1, borderColor: "transparent", borderBottomRightRadius: 4 },
  refused: { bgcolor: "background.paper", border: 1, borderColor: "error.main", borderBottomRightRadius: 4 },
  note: { bgcolor: "desk.note", border: "1px dashed", borderColor: "desk.noteBorder" },
};

function sideOf(event: MessageEvent): Side {
  if (event.kind === "note") return "note";
  return event.author.role === "visitor" ? "theirs" : "ours";
}

/** How far the visitor's devices have come: sent, delivered, read. */
function Receipt({ seq, cursor }: { seq: number; cursor: Cursor | undefined }) {
  const translate = useTranslate();
  const state = (cursor?.read ?? 0) >= seq ? "read" : (cursor?.delivered ?? 0) >= seq ? "delivered" : "sent";
  const Icon = state === "sent" ? DoneIcon : DoneAllIcon;
  return <Icon titleAccess={translate(`otvet.thread.${state}`)} sx={{ fontSize: 15, color: state === "read" ? "primary.main" : "inherit" }} />;
}
