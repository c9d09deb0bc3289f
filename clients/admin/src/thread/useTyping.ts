import type { ConversationId, Person, PersonId } from "@otvet/sdk";
import { useDataProvider } from "ra-core";
import { useEffect, useState } from "react";
import type { PanelDataProvider } from "../api/dataProvider";
import { conversationTopic, type RealtimeEvent } from "../realtime/contract";
import type { SignalPayload, ThreadEventPayload } from "../realtime/realtimeProvider";

/** The signal comes every two seconds while somebody types; after two missed ones they have stopped. */
const TYPING_LASTS_MS = 5000;

/** Who is typing in a conversation at the moment, or null. */
export function useTyping(id: ConversationId, me: PersonId): Person | null {
  const dataProvider = useDataProvider<PanelDataProvider>();
  const [typing, setTyping] = useState<Person | null>(null);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    function onEvent({ type, payload }: RealtimeEvent) {
      if (type === "signal") {
        const { kind, person } = (payload as SignalPayload).signal;
        if (kind !== "typing" || person.id === me) return;
        setTyping(person);
        clearTimeout(timer);
        timer = setTimeout(() => setTyping(null), TYPING_LASTS_MS);
      } else if (type === "event" && (payload as ThreadEventPayload).event.kind === "message") {
        setTyping(null);
      }
    }
    const topic = conversationTopic(id);
    void dataProvider.subscribe(topic, onEvent);
    return () => {
      clearTimeout(timer);
      void dataProvider.unsubscribe(topic, onEvent);
    };
  }, [dataProvider, id, me]);
  return typing;
}
