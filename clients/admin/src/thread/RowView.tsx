import { Box, Typography } from "@mui/material";
import type { Cursor, PersonId } from "@otvet/sdk";
import { useTranslate } from "ra-core";
import { memo } from "react";
import { useTimeFormats } from "../i18n/time";
import { MessageBubble } from "./MessageBubble";
import { PendingBubble } from "./PendingBubble";
import type { Row, SystemEvent } from "./rows";

interface RowViewProps {
  row: Row;
  me: PersonId;
  visitorCursor: Cursor | undefined;
}

/** One line of a thread. */
export const RowView = memo(function RowView({ row, me, visitorCursor }: RowViewProps) {
  switch (row.type) {
    case "day":
      return <DayLine at={row.at} />;
    case "system":
      return <SystemLine event={row.event} />;
    case "message":
      return <MessageBubble event={row.event} first={row.first} me={me} visitorCursor={visitorCursor} />;
    case "pending":
      return <PendingBubble item={row.item} first={row.first} />;
  }
});

function DayLine({ at }: { at: string }) {
  const translate = useTranslate();
  const times = useTimeFormats();
  const yesterday = new Date();
  yesterday.setDate(yesterday.getDate() - 1);
  const key = times.dayKey(at);
  const text =
    key === times.dayKey(new Date().toISOString()) ? translate("otvet.thread.today")
    : key === times.dayKey(yesterday.toISOString()) ? translate("otvet.thread.yesterday")
    : times.day(at);
  return (
    <Box role="separator" aria-label={text} sx={{ display: "flex", alignItems: "center", gap: 1.5, px: 2.5, pt: 2, pb: 1, "&::before, &::after": { content: '""', flex: 1, borderTop: 1, borderColor: "divider" } }}>
      <Typography variant="caption" color="textSecondary" sx={{ fontWeight: 650 }}>{text}</Typography>
    </Box>
  );
}

function SystemLine({ event }: { event: SystemEvent }) {
  const translate = useTranslate();
  const times = useTimeFormats();
  return (
    <Box sx={{ px: 3, py: 0.75, textAlign: "center", overflowWrap: "anywhere" }}>
      <Typography variant="caption" color="textSecondary">
        {systemText(event, translate)} · <time dateTime={event.at} title={times.full(event.at)}>{times.clock(event.at)}</time>
      </Typography>
    </Box>
  );
}

function systemText(event: SystemEvent, translate: (key: string, options?: object) => string): string {
  switch (event.kind) {
    case "opened":
      return event.subject === null
        ? translate("otvet.thread.opened", { name: event.visitor.name })
        : translate("otvet.thread.opened_subject", { name: event.visitor.name, subject: event.subject });
    case "claimed":
    case "released":
      return translate(`otvet.thread.${event.kind}`, { name: event.manager.name });
    case "transferred":
      return translate("otvet.thread.transferred", { from: event.from.name, to: event.to.name });
    case "resolved":
    case "reopened":
      return translate(`otvet.thread.${event.kind}`, { name: event.by.name });
  }
}
