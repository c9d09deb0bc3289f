import ScheduleIcon from "@mui/icons-material/Schedule";
import TaskAltIcon from "@mui/icons-material/TaskAlt";
import { Box, ButtonBase, Typography } from "@mui/material";
import { keyframes } from "@mui/material/styles";
import type { PersonId, Summary } from "@otvet/sdk";
import { useTranslate } from "ra-core";
import { memo, useEffect, useRef } from "react";
import { Link } from "react-router";
import { formatDuration, useTimeFormats } from "../i18n/time";
import { waitingSince } from "./tabs";

interface RowProps {
  conversation: Summary;
  me: PersonId;
  to: string;
  /** Its thread stands beside the list. */
  open: boolean;
  /** The keyboard's place in the list. */
  cursor: boolean;
  glowing: boolean;
  /** Milliseconds since 1970. */
  now: number;
}

const ONE_LINE = { overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap", minWidth: 0 } as const;

/** One conversation in the list: who, what last, how long they wait. */
export const ConversationRow = memo(function ConversationRow({ conversation, me, to, open, cursor, glowing, now }: RowProps) {
  const translate = useTranslate();
  const times = useTimeFormats();
  const row = useFocusedWith(cursor);
  const { visitor, subject, last_message: last } = conversation;
  const unread = unreadFor(conversation, me);
  return (
    <Box component="li" sx={{ contentVisibility: "auto", containIntrinsicSize: "auto 86px", listStyle: "none" }}>
      <ButtonBase
        ref={row}
        component={Link}
        to={to}
        tabIndex={cursor ? 0 : -1}
        data-conversation={conversation.id}
        aria-current={open ? "true" : undefined}
        sx={{
          display: "block", width: "100%", px: 2, py: 1.25, textAlign: "left", borderBottom: 1, borderColor: "divider",
          borderLeft: 3, borderLeftColor: open ? "primary.main" : "transparent", bgcolor: open ? "action.selected" : "transparent",
          "&:hover": { bgcolor: open ? "action.selected" : "action.hover" },
          animation: (theme) => (glowing ? `${keyframes({ "0%, 60%": { backgroundColor: theme.palette.desk.glow } })} 6s ease-out` : "none"),
        }}
      >
        <Box sx={{ display: "flex", alignItems: "baseline", gap: 1 }}>
          <Typography component="span" variant="h3" title={visitor.name} sx={{ ...ONE_LINE, flex: 1, fontWeight: unread > 0 ? 700 : 600 }}>{visitor.name}</Typography>
          <Typography component="span" variant="caption" color="textSecondary" sx={{ flexShrink: 0 }}>{times.short(last?.at ?? conversation.updated_at)}</Typography>
        </Box>
        <Typography component="span" variant="body2" sx={{ ...ONE_LINE, display: "block", fontWeight: unread > 0 ? 600 : 400 }}>
          {subject ?? last?.body ?? translate("otvet.inbox.no_subject")}
        </Typography>
        <Box sx={{ display: "flex", alignItems: "center", gap: 1, mt: 0.25, minHeight: 20 }}>
          <Typography component="span" variant="body2" color="textSecondary" sx={{ ...ONE_LINE, flex: 1 }}>
            {subject !== null && last !== null && !last.body.startsWith(subject.replace(/…$/, "")) && <>{last.author.id === me ? `${translate("otvet.inbox.you")}: ` : ""}{last.body}</>}
          </Typography>
          <StatusMark conversation={conversation} me={me} now={now} />
          {unread > 0 && (
            <Box component="span" sx={{ flexShrink: 0, minWidth: 20, px: 0.75, borderRadius: 5, fontSize: 12, lineHeight: "20px", fontWeight: 700, textAlign: "center", bgcolor: "primary.main", color: "primary.contrastText" }}>
              <span aria-hidden="true">{unread > 99 ? "99+" : unread}</span>
              <VisuallyHidden>{translate("otvet.inbox.unread", { smart_count: unread })}</VisuallyHidden>
            </Box>
          )}
        </Box>
      </ButtonBase>
    </Box>
  );
});

/** What a colleague answers, and what is resolved, asks nothing of me. */
function unreadFor({ status, manager, unread }: Summary, me: PersonId): number {
  return status === "waiting" || (status === "claimed" && manager?.id === me) ? unread : 0;
}

function StatusMark({ conversation, me, now }: { conversation: Summary; me: PersonId; now: number }) {
  const translate = useTranslate();
  const { status, manager } = conversation;
  if (status === "waiting") {
    const time = formatDuration(now - Date.parse(waitingSince(conversation)), translate);
    const label = translate("otvet.inbox.waiting_for", { time });
    return <Mark color="desk.waiting" label={label} title={label}><ScheduleIcon sx={{ fontSize: 14 }} />{time}</Mark>;
  }
  if (status === "resolved") {
    const label = translate("otvet.status.resolved");
    return <Mark color="desk.resolved" label={label} title={label}><TaskAltIcon sx={{ fontSize: 14 }} /></Mark>;
  }
  if (manager === null || manager.id === me) return null;
  const label = translate("otvet.inbox.held_by", { name: manager.name });
  return <Mark color="text.secondary" label={label} title={label}><Box component="span" sx={{ ...ONE_LINE, maxWidth: 110 }}>{manager.name}</Box></Mark>;
}

function Mark({ color, label, title, children }: { color: string; label: string; title: string; children: React.ReactNode }) {
  return (
    <Box component="span" title={title} sx={{ display: "inline-flex", alignItems: "center", gap: 0.5, flexShrink: 0, color, fontSize: 12, fontWeight: 600 }}>
      <Box component="span" aria-hidden="true" sx={{ display: "inline-flex", alignItems: "center", gap: 0.5, minWidth: 0 }}>{children}</Box>
      <VisuallyHidden>{label}</VisuallyHidden>
    </Box>
  );
}

function VisuallyHidden({ children }: { children: React.ReactNode }) {
  return <Box component="span" sx={{ position: "absolute", width: "1px", height: "1px", overflow: "hidden", clipPath: "inset(50%)", whiteSpace: "nowrap" }}>{children}</Box>;
}

/** Moves the focus with the keyboard's place, but only if the focus is in the list: nobody is pulled out of a field. */
function useFocusedWith(cursor: boolean) {
  const row = useRef<HTMLAnchorElement>(null);
  useEffect(() => {
    if (!cursor) return;
    row.current?.scrollIntoView({ block: "nearest" });
    const focused = document.activeElement;
    if (focused === document.body || focused?.hasAttribute("data-conversation") === true) row.current?.focus({ preventScroll: true });
  }, [cursor]);
  return row;
}
