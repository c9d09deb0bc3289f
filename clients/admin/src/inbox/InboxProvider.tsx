import type { ConversationId, PersonId, Summary } from "@otvet/sdk";
import { useDataProvider } from "ra-core";
import { createContext, useCallback, useContext, useEffect, useMemo, useReducer, useRef, useState, type ReactNode } from "react";
import type { ConversationListFilter, PanelDataProvider } from "../api/dataProvider";
import { codeOf } from "../api/problem";
import { CONVERSATIONS_TOPIC, type RealtimeEvent } from "../realtime/contract";
import type { RecordPayload, RemovedPayload, SignalPayload, SyncedPayload } from "../realtime/realtimeProvider";
import { useClient } from "../realtime/session";
import { attentionOf, type Attention } from "./attention";
import { emptyInbox, inboxReducer, type InboxState } from "./inboxState";
import { filterOf, viewKey, type View } from "./tabs";

/** Rows of one page of the list. */
const PAGE_SIZE = 50;
/** How long a changed row glows, milliseconds. */
const GLOW_MS = 6000;

/** Something just happened that wants a manager's eye. */
export interface Notice {
  attention: Attention;
  conversation: Summary;
}

interface Inbox {
  state: InboxState;
  /** Ids of the rows that glow. */
  glowing: ReadonlySet<ConversationId>;
  /** The newest notice, for sound, announcement and desktop notification. */
  notice: Notice | null;
  /** Reads a view's first page, or its next one. Rejects with the SDK's `ProblemError`. */
  load: (view: View, more?: boolean) => Promise<void>;
  /** Reads one conversation anew and says whether it is there. Rejects with the SDK's `ProblemError`. */
  refresh: (id: ConversationId) => Promise<boolean>;
}

const InboxContext = createContext<Inbox | null>(null);

/** The live inbox; it lives above the pages, so that counts and notices go on while another page is shown. */
export function useInbox(): Inbox {
  const inbox = useContext(InboxContext);
  if (inbox === null) throw new Error("useInbox needs an InboxProvider above it");
  return inbox;
}

export function InboxProvider({ me, children }: { me: PersonId; children: ReactNode }) {
  const dataProvider = useDataProvider<PanelDataProvider>();
  const client = useClient();
  // What the client knows already: from its store after a reload, from itself after a change of language.
  const [state, dispatch] = useReducer(inboxReducer, undefined, () =>
    inboxReducer(emptyInbox(me), { type: "synced", records: client.conversations() }),
  );
  const [notice, setNotice] = useState<Notice | null>(null);
  const [glowing, glow] = useGlow();
  // Callbacks of the realtime provider need the state of now, not of their creation.
  const latest = useRef(state);
  latest.current = state;

  const load = useCallback(
    async (view: View, more = false) => {
      const cursor = more ? latest.current.views[viewKey(view)]?.next : undefined;
      if (cursor === null) return;
      const filter: ConversationListFilter = filterOf(view);
      const list = await dataProvider.getList<Summary>("conversations", {
        filter,
        pagination: { page: 1, perPage: PAGE_SIZE },
        meta: { cursor },
      });
      dispatch({ type: "loaded", view, page: list.data, next: (list.meta as { next: string | null }).next, append: more });
    },
    [dataProvider],
  );

  const refresh = useCallback(
    async (id: ConversationId) => {
      try {
        const { data } = await dataProvider.getOne<Summary>("conversations", { id });
        dispatch({ type: "upserted", record: data });
        return true;
      } catch (error) {
        if (codeOf(error) !== "not_found") throw error;
        dispatch({ type: "missing", id });
        return false;
      }
    },
    [dataProvider],
  );

  useEffect(() => {
    function onChange(event: RealtimeEvent) {
      switch (event.type) {
        case "created":
        case "updated": {
          const { record } = event.payload as RecordPayload;
          const attention = attentionOf(latest.current.records[record.id], record, me);
          dispatch({ type: "upserted", record });
          if (attention !== null) {
            glow(record.id);
            setNotice({ attention, conversation: record });
          }
          return;
        }
        case "deleted":
          for (const id of (event.payload as RemovedPayload).ids) {
            dispatch({ type: "removed", id });
            // What became of it shows in the other tabs; a failure leaves the older record there.
            refresh(id).catch(() => undefined);
          }
          return;
        case "synced":
          dispatch({ type: "synced", records: (event.payload as SyncedPayload).records });
          return;
        case "signal":
          dispatch({ type: "signalled", signal: (event.payload as SignalPayload).signal });
      }
    }
    void dataProvider.subscribe(CONVERSATIONS_TOPIC, onChange);
    return () => void dataProvider.unsubscribe(CONVERSATIONS_TOPIC, onChange);
  }, [dataProvider, me, refresh, glow]);

  const inbox = useMemo(() => ({ state, glowing, notice, load, refresh }), [state, glowing, notice, load, refresh]);
  return <InboxContext.Provider value={inbox}>{children}</InboxContext.Provider>;
}

function useGlow(): [ReadonlySet<ConversationId>, (id: ConversationId) => void] {
  const [glowing, setGlowing] = useState<ReadonlySet<ConversationId>>(new Set());
  const timers = useRef(new Map<ConversationId, ReturnType<typeof setTimeout>>());
  useEffect(() => {
    const running = timers.current;
    return () => running.forEach((timer) => clearTimeout(timer));
  }, []);
  const glow = useCallback((id: ConversationId) => {
    clearTimeout(timers.current.get(id));
    setGlowing((ids) => new Set(ids).add(id));
    timers.current.set(
      id,
      setTimeout(() => setGlowing((ids) => new Set([...ids].filter((other) => other !== id))), GLOW_MS),
    );
  }, []);
  return [glowing, glow];
}
