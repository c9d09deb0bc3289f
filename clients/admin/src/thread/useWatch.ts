import type { ConversationId, PersonId, Summary } from "@otvet/sdk";
import { useEffect, useRef } from "react";
import { useInbox } from "../inbox/InboxProvider";
import { conversationTopic, type RealtimeEvent } from "../realtime/contract";
import { useDataProvider } from "ra-core";
import type { PanelDataProvider } from "../api/dataProvider";
import { useClient } from "../realtime/session";

/** Events that change what the list and the header show of a conversation. */
const CHANGES_SUMMARY: readonly string[] = ["claimed", "released", "transferred", "resolved", "reopened", "message"];

/**
 * Live events of an open thread that is not mine: the server sends those of my own by itself. What no inbox
 * stream tells me about, its summary, is then fetched when an event says that it has changed.
 */
export function useWatch(id: ConversationId, conversation: Summary | undefined, me: PersonId): void {
  const client = useClient();
  const dataProvider = useDataProvider<PanelDataProvider>();
  const { refresh } = useInbox();
  const known = conversation !== undefined;
  const mine = conversation?.status === "claimed" && conversation.manager?.id === me;
  const mineNow = useRef(mine);
  mineNow.current = mine;

  useEffect(() => {
    if (!known || mine) return;
    // Without live events the thread still loads; the client repeats the wish on its next connection.
    client.watch(id).catch(() => undefined);
    return () => {
      // Claimed in the meantime: it is live anyway, and ending the watch must not end that.
      if (!mineNow.current) client.unwatch(id).catch(() => undefined);
    };
  }, [client, id, known, mine]);

  useEffect(() => {
    if (mine) return;
    function onEvent({ type, payload }: RealtimeEvent) {
      const kind = type === "event" ? (payload as { event: { kind: string } }).event.kind : "";
      if (CHANGES_SUMMARY.includes(kind)) refresh(id).catch(() => undefined);
    }
    const topic = conversationTopic(id);
    void dataProvider.subscribe(topic, onEvent);
    return () => void dataProvider.unsubscribe(topic, onEvent);
  }, [dataProvider, id, mine, refresh]);
}
