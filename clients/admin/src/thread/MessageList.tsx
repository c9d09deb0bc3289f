import ArrowDownIcon from "@mui/icons-material/KeyboardArrowDown";
import { Box, Button, CircularProgress, Fab, Typography, Zoom } from "@mui/material";
import type { Cursor, Person, PersonId } from "@otvet/sdk";
import { useTranslate } from "ra-core";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { Virtuoso, type VirtuosoHandle } from "react-virtuoso";
import { RowView } from "./RowView";
import type { Row } from "./rows";

/** Index of the first row that was ever shown; older ones count down from it, as Virtuoso wants. */
const ORIGIN = 1_000_000;
/** Within this many pixels of the end the reader counts as following the conversation. */
const END_SLACK_PX = 80;

interface MessageListProps {
  rows: readonly Row[];
  me: PersonId;
  visitorCursor: Cursor | undefined;
  hasMore: boolean;
  loading: boolean;
  /** The newest messages are here. */
  loaded: boolean;
  typing: Person | null;
  onLoadOlder: () => void;
  onAtEnd: (atEnd: boolean) => void;
}

/** The lines of a thread, of which only the visible ones exist in the document. */
export function MessageList(props: MessageListProps) {
  const { rows, loaded, loading, typing, onLoadOlder } = props;
  const translate = useTranslate();
  return (
    <Box sx={{ flex: 1, minHeight: 0, position: "relative", bgcolor: "desk.ground" }}>
      {rows.length > 0 && <Lines {...props} />}
      {rows.length === 0 && (
        <Box sx={{ height: "100%", display: "grid", placeItems: "center", p: 3 }}>
          {loaded && <Typography color="textSecondary">{translate("otvet.thread.empty")}</Typography>}
          {!loaded && loading && <CircularProgress size={26} aria-label={translate("otvet.thread.loading")} />}
          {!loaded && !loading && <Button onClick={onLoadOlder}>{translate("otvet.errors.try_again")}</Button>}
        </Box>
      )}
      <TypingLine typing={typing} />
      <NewestLine rows={rows} me={props.me} />
    </Box>
  );
}

function Lines({ rows, me, visitorCursor, hasMore, loading, onLoadOlder, onAtEnd }: MessageListProps) {
  const translate = useTranslate();
  const list = useRef<VirtuosoHandle>(null);
  const [atEnd, setAtEnd] = useState(true);
  const firstIndex = useFirstIndex(rows);
  const below = useRowsBelow(rows, atEnd);

  const followed = useCallback(
    (value: boolean) => {
      setAtEnd(value);
      onAtEnd(value);
    },
    [onAtEnd],
  );
  const toEnd = () => list.current?.scrollToIndex({ index: "LAST", align: "end", behavior: "auto" });

  return (
    <>
      <Virtuoso
        ref={list}
        data={rows}
        role="log"
        aria-label={translate("otvet.thread.log")}
        // New lines are announced by NewestLine: a virtualised log would read out old ones on scrolling.
        aria-live="off"
        tabIndex={0}
        firstItemIndex={firstIndex}
        initialTopMostItemIndex={{ index: "LAST", align: "end" }}
        computeItemKey={(_, row) => row.key}
        itemContent={(_, row) => <RowView row={row} me={me} visitorCursor={visitorCursor} />}
        followOutput={(isAtEnd) => (isAtEnd || rows.at(-1)?.type === "pending" ? "auto" : false)}
        atBottomStateChange={followed}
        atBottomThreshold={END_SLACK_PX}
        startReached={() => hasMore && !loading && onLoadOlder()}
        increaseViewportBy={{ top: 900, bottom: 300 }}
        components={COMPONENTS}
        context={{ hasMore, loading }}
      />
      <Zoom in={!atEnd} unmountOnExit>
        <Fab
          size={below > 0 ? "medium" : "small"}
          variant={below > 0 ? "extended" : "circular"}
          color="primary"
          onClick={toEnd}
          aria-label={below > 0 ? translate("otvet.thread.new_below", { smart_count: below }) : translate("otvet.thread.to_newest")}
          sx={{ position: "absolute", right: 20, bottom: 16, boxShadow: 3 }}
        >
          <ArrowDownIcon />
          {below > 0 && below}
        </Fab>
      </Zoom>
    </>
  );
}

/** Keeps every row's index when older ones are put before it: they get smaller ones. */
function useFirstIndex(rows: readonly Row[]): number {
  const anchor = useRef<string | undefined>(undefined);
  return useMemo(() => {
    // A day's separator moves up when older messages of that day arrive: no place to hold on to.
    anchor.current ??= rows.find((row) => row.type === "message" || row.type === "system")?.key;
    const at = rows.findIndex((row) => row.key === anchor.current);
    return ORIGIN - Math.max(at, 0);
  }, [rows]);
}

/** How many messages have come below what is in view. */
function useRowsBelow(rows: readonly Row[], atEnd: boolean): number {
  const seen = useRef(rows.at(-1)?.key);
  useEffect(() => {
    if (atEnd) seen.current = rows.at(-1)?.key;
  }, [rows, atEnd]);
  if (atEnd) return 0;
  const at = rows.findLastIndex((row) => row.key === seen.current);
  return at === -1 ? 0 : rows.slice(at + 1).filter((row) => row.type === "message").length;
}

interface ListContext {
  hasMore: boolean;
  loading: boolean;
}

function ListTop({ context: { hasMore, loading } }: { context: ListContext }) {
  const translate = useTranslate();
  return (
    <Box sx={{ minHeight: 48, display: "grid", placeItems: "center", pt: 1.5 }}>
      {hasMore && loading && <CircularProgress size={18} aria-label={translate("otvet.thread.loading_older")} />}
      {!hasMore && <Typography variant="caption" color="textSecondary">{translate("otvet.thread.beginning")}</Typography>}
    </Box>
  );
}

function ListBottom() {
  // Room for the line that tells who is typing.
  return <Box sx={{ height: 30 }} />;
}

const COMPONENTS = { Header: ListTop, Footer: ListBottom };

function TypingLine({ typing }: { typing: Person | null }) {
  const translate = useTranslate();
  return (
    <Box role="status" sx={{ position: "absolute", left: 0, bottom: 4, px: 2.5, maxWidth: "70%", pointerEvents: "none" }}>
      {typing !== null && (
        <Typography variant="caption" noWrap component="div" sx={{ color: "text.secondary", bgcolor: "desk.ground", px: 0.75, borderRadius: 1 }}>
          {translate("otvet.thread.typing", { name: typing.name })}
        </Typography>
      )}
    </Box>
  );
}

/** Reads a new message of somebody else's out, each once. */
function NewestLine({ rows, me }: { rows: readonly Row[]; me: PersonId }) {
  const [text, setText] = useState("");
  const known = useRef<number | null>(null);
  useEffect(() => {
    const newest = rows.findLast((row) => row.type === "message");
    if (newest === undefined) return;
    const { event } = newest;
    if (known.current !== null && event.seq > known.current && event.author.id !== me) setText(`${event.author.name}: ${event.body}`);
    known.current = event.seq;
  }, [rows, me]);
  return (
    <Box aria-live="polite" sx={{ position: "absolute", width: "1px", height: "1px", overflow: "hidden", clipPath: "inset(50%)" }}>{text}</Box>
  );
}
