import type { ConversationId, Thread } from "@otvet/sdk";
import { useMemo, useSyncExternalStore } from "react";
import { useClient } from "../realtime/session";

export interface ThreadView extends Pick<Thread, "events" | "pending" | "hasMore" | "loading" | "loaded"> {
  loadOlder: () => Promise<void>;
}

/** A thread of the SDK as React state: a new object whenever the SDK says that something changed. */
export function useThread(id: ConversationId): ThreadView {
  const client = useClient();
  const source = useMemo(() => {
    const thread = client.thread(id);
    const read = (): ThreadView => ({
      events: thread.events,
      pending: thread.pending,
      hasMore: thread.hasMore,
      loading: thread.loading,
      loaded: thread.loaded,
      loadOlder: () => thread.loadOlder(),
    });
    let view = read();
    return {
      subscribe: (changed: () => void) => {
        const update = () => {
          view = read();
          changed();
        };
        const stop = thread.subscribe(update);
        // Something may have come between the first drawing and now.
        update();
        return stop;
      },
      snapshot: () => view,
    };
  }, [client, id]);
  return useSyncExternalStore(source.subscribe, source.snapshot);
}
