import { Box, Drawer, useMediaQuery } from "@mui/material";
import type { ConversationId, Summary } from "@otvet/sdk";
import { useGetIdentity } from "ra-core";
import { lazy, Suspense, useCallback, useEffect, useRef, useState } from "react";
import { Navigate, useNavigate, useParams } from "react-router";
import type { ManagerIdentity } from "../auth/authProvider";
import { DetailsPane } from "../details/DetailsPane";
import { useDetailsPreference } from "../layout/preferences";
import { actionsFor, type ActionName, type Viewer } from "../thread/actionsFor";
import { NoThread } from "../thread/NoThread";
import { ThreadPane } from "../thread/ThreadPane";
import { useInbox } from "./InboxProvider";
import { ListPane } from "./ListPane";
import { isTab, type Tab } from "./tabs";
import { ActionsProvider, useActions } from "./useActions";
import { useList } from "./useList";
import { useShortcuts } from "./useShortcuts";

const ShortcutsDialog = lazy(() => import("./ShortcutsDialog"));

/** The inbox: list, thread and details side by side; on a phone one of them at a time. */
export default function InboxPage() {
  const { tab, id } = useParams();
  const { data } = useGetIdentity();
  const identity = data as ManagerIdentity | undefined;
  if (!isTab(tab)) return <Navigate to="/inbox/waiting" replace />;
  if (identity === undefined) return null;
  return (
    <ActionsProvider>
      <Panes viewer={{ id: identity.id, role: identity.role }} tab={tab} id={id} />
    </ActionsProvider>
  );
}

function Panes({ viewer, tab, id }: { viewer: Viewer; tab: Tab; id: ConversationId | undefined }) {
  const me = viewer.id;
  const phone = useMediaQuery((theme) => theme.breakpoints.down("md"));
  const roomy = useMediaQuery((theme) => theme.breakpoints.up("lg"));
  const list = useList(tab);
  const [cursor, setCursor] = useState<ConversationId | undefined>(id);
  const [helping, setHelping] = useState(false);
  const [beside, setBeside] = useDetailsPreference();
  const [over, setOver] = useState(false);
  const search = useRef<HTMLInputElement>(null);
  const navigate = useNavigate();
  const { conversation, absent } = useConversation(id);
  const actions = useActions();

  useEffect(() => {
    if (id !== undefined) setCursor(id);
  }, [id]);

  const toList = useCallback(() => void navigate(`/inbox/${tab}`), [navigate, tab]);
  const target = list.rows.find((row) => row.id === cursor) ?? conversation;
  function act(name: ActionName): boolean {
    const possible = target !== undefined && actionsFor(target, viewer).includes(name);
    if (possible) actions[name](target);
    return possible;
  }
  useShortcuts({
    move(step) {
      const at = list.rows.findIndex((row) => row.id === cursor);
      const next = list.rows[at === -1 ? 0 : Math.min(Math.max(at + step, 0), list.rows.length - 1)];
      setCursor(next?.id);
    },
    open: () => target !== undefined && void navigate(`/inbox/${tab}/${target.id}`),
    claim() {
      // Whoever claims wants to answer: the thread opens, even though the row leaves the list of the waiting.
      if (act("claim")) void navigate(`/inbox/${tab}/${target?.id}`);
      else act("takeOver");
    },
    resolve: () => act("resolve"),
    search: () => search.current?.focus(),
    reply: () => document.getElementById("composer")?.focus(),
    escape() {
      if (document.activeElement instanceof HTMLElement && document.activeElement.matches("input, textarea")) document.activeElement.blur();
      else if (id !== undefined) toList();
    },
    help: () => setHelping(true),
  });

  const showList = !phone || id === undefined;
  const showThread = !phone || id !== undefined;
  const toggleDetails = () => (roomy ? setBeside(!beside) : setOver(true));
  return (
    <Box sx={{ display: "flex", height: "100%", minWidth: 0 }}>
      {showList && (
        <Box sx={{ width: phone ? "100%" : { md: 320, lg: 348 }, flexShrink: 0, borderRight: phone ? 0 : 1, borderColor: "divider", minWidth: 0 }}>
          <ListPane me={me} tab={tab} open={id} cursor={cursor} list={list} search={search} onHelp={() => setHelping(true)} />
        </Box>
      )}
      {showThread && (
        <Box sx={{ flex: 1, minWidth: 0 }}>
          {id === undefined || absent ? <NoThread absent={absent} onBack={phone ? toList : undefined} /> : <ThreadPane key={id} id={id} viewer={viewer} conversation={conversation} onBack={phone ? toList : undefined} onDetails={toggleDetails} />}
        </Box>
      )}
      {roomy && beside && conversation !== undefined && (
        <Box sx={{ width: 284, flexShrink: 0, borderLeft: 1, borderColor: "divider", overflowY: "auto" }}><DetailsPane conversation={conversation} /></Box>
      )}
      {!roomy && conversation !== undefined && (
        <Drawer anchor="right" open={over} onClose={() => setOver(false)} slotProps={{ paper: { sx: { width: 320, maxWidth: "88vw" } } }}>
          <DetailsPane conversation={conversation} onClose={() => setOver(false)} />
        </Drawer>
      )}
      {helping && <Suspense fallback={null}><ShortcutsDialog onClose={() => setHelping(false)} /></Suspense>}
    </Box>
  );
}

/** The summary of a conversation, fetched when a link led to one that no list has shown. `absent`: there is none. */
function useConversation(id: ConversationId | undefined): { conversation: Summary | undefined; absent: boolean } {
  const [absentId, setAbsentId] = useState<ConversationId | undefined>(undefined);
  const { state, refresh } = useInbox();
  const known = id === undefined ? undefined : state.records[id];
  const missing = id !== undefined && known === undefined;
  useEffect(() => {
    if (!missing) return;
    refresh(id)
      .then((there) => setAbsentId(there ? undefined : id))
      // The next connection asks again.
      .catch(() => undefined);
  }, [id, missing, refresh, state.generation]);
  return { conversation: known, absent: missing && absentId === id };
}
