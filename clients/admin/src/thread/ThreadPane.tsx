import { Alert, Box, Button } from "@mui/material";
import type { ConversationId, Summary } from "@otvet/sdk";
import { useTranslate } from "ra-core";
import { useMemo, useState } from "react";
import { describeFailure } from "../api/problem";
import { useTimeFormats } from "../i18n/time";
import type { Viewer } from "./actionsFor";
import { Composer } from "./Composer";
import { MessageList } from "./MessageList";
import { newestSeq, toRows } from "./rows";
import { ThreadHeader } from "./ThreadHeader";
import { useReadMark } from "./useReadMark";
import { useThread } from "./useThread";
import { useTyping } from "./useTyping";
import { useWatch } from "./useWatch";

interface ThreadPaneProps {
  id: ConversationId;
  viewer: Viewer;
  conversation: Summary | undefined;
  /** Leads back to the list, on a phone. */
  onBack: (() => void) | undefined;
  onDetails: () => void;
}

/** The middle pane: who it is, what was said, and where to answer. */
export function ThreadPane({ id, viewer, conversation, onBack, onDetails }: ThreadPaneProps) {
  const translate = useTranslate();
  const me = viewer.id;
  const { dayKey } = useTimeFormats();
  const thread = useThread(id);
  const [atEnd, setAtEnd] = useState(true);
  const [failure, setFailure] = useState<unknown>(null);
  const rows = useMemo(() => toRows(thread.events, thread.pending, me, dayKey), [thread, me, dayKey]);
  const typing = useTyping(id, me);
  useWatch(id, conversation, me);
  useReadMark(id, newestSeq(thread.events), atEnd);

  function loadOlder() {
    setFailure(null);
    thread.loadOlder().catch(setFailure);
  }

  const visitor = conversation?.visitor;
  return (
    <Box component="section" aria-label={translate("otvet.thread.label", { name: visitor?.name ?? "" })} sx={{ display: "flex", flexDirection: "column", height: "100%", minWidth: 0 }}>
      <ThreadHeader conversation={conversation} viewer={viewer} onBack={onBack} onDetails={onDetails} />
      {failure !== null && (
        <Alert severity="error" sx={{ borderRadius: 0 }} action={<Button color="inherit" size="small" onClick={loadOlder}>{translate("otvet.errors.try_again")}</Button>}>
          {describeFailure(failure, translate)}
        </Alert>
      )}
      <MessageList
        rows={rows}
        me={me}
        visitorCursor={visitor === undefined ? undefined : conversation?.cursors[visitor.id]}
        hasMore={thread.hasMore}
        loading={thread.loading}
        loaded={thread.loaded}
        typing={typing}
        onLoadOlder={loadOlder}
        onAtEnd={setAtEnd}
      />
      {conversation !== undefined && <Composer conversation={conversation} me={me} />}
    </Box>
  );
}
