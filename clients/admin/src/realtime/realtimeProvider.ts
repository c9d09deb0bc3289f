import type { Event, OtvetClient, Signal, Summary } from "@otvet/sdk";
import { CONVERSATIONS_TOPIC, conversationOf, conversationTopic, type RealtimeCallback, type RealtimeEvent, type RealtimeProvider } from "./contract";

/** What the provider needs of the SDK's client. */
export type RealtimeSource = Pick<OtvetClient, "on" | "conversations" | "person" | "typing" | "read">;

/** `created` and `updated` of `resource/conversations`: the changed record comes along, so nobody has to fetch it. */
export interface RecordPayload {
  ids: string[];
  record: Summary;
}

/** `deleted`: the conversation neither waits nor is mine any more; it is still there for a search. */
export interface RemovedPayload {
  ids: string[];
}

/** `synced`: the connection is (again) up to date; what waits and what is mine as the server counts it. */
export interface SyncedPayload {
  ids: string[];
  records: Summary[];
}

/** `event` and `signal` of `resource/conversations/{id}`. */
export interface ThreadEventPayload {
  ids: string[];
  event: Event;
}
export interface SignalPayload {
  ids: string[];
  signal: Signal;
}

/**
 * React Admin's realtime contract on top of the SDK's client.
 *
 * | topic | types |
 * |---|---|
 * | `resource/conversations` | `created` `updated` `deleted` `synced` `signal` |
 * | `resource/conversations/{id}` | `updated` `deleted` `event` `signal`; publish `typing` and `read` |
 */
export function createRealtimeProvider(source: RealtimeSource, now: () => Date): RealtimeProvider {
  const callbacks = new Map<string, Set<RealtimeCallback>>();
  const known = new Set<string>();

  function emit(topic: string, type: string, payload: unknown): void {
    const event: RealtimeEvent = { topic, type, payload, date: now().toISOString() };
    for (const callback of [...(callbacks.get(topic) ?? [])]) callback(event);
  }

  function synced(): void {
    const records = source.conversations();
    for (const { id } of records) known.add(id);
    emit(CONVERSATIONS_TOPIC, "synced", { ids: records.map(({ id }) => id), records } satisfies SyncedPayload);
  }

  function onEvent(event: Event): void {
    const id = threadOf(event.stream);
    if (event.kind === "upsert") {
      const record = event.conversation;
      const type = known.has(record.id) ? "updated" : "created";
      known.add(record.id);
      emit(CONVERSATIONS_TOPIC, type, { ids: [record.id], record } satisfies RecordPayload);
      emit(conversationTopic(record.id), "updated", { ids: [record.id], record } satisfies RecordPayload);
    } else if (event.kind === "remove") {
      const payload: RemovedPayload = { ids: [event.conversation_id] };
      known.delete(event.conversation_id);
      emit(CONVERSATIONS_TOPIC, "deleted", payload);
      emit(conversationTopic(event.conversation_id), "deleted", payload);
    } else if (id !== null) {
      // The SDK has carried the event over into its list already: the list here follows in the same breath.
      const record = source.conversations().find((listed) => listed.id === id);
      if (record !== undefined) emit(CONVERSATIONS_TOPIC, "updated", { ids: [id], record } satisfies RecordPayload);
      emit(conversationTopic(id), "event", { ids: [id], event } satisfies ThreadEventPayload);
    }
  }

  function onSignal(signal: Signal): void {
    if (signal.conversation === undefined) return;
    const payload: SignalPayload = { ids: [signal.conversation], signal };
    emit(CONVERSATIONS_TOPIC, "signal", payload);
    emit(conversationTopic(signal.conversation), "signal", payload);
  }

  source.on("ready", synced);
  source.on("reset", (reset) => {
    if (threadOf(reset.stream) === null) synced();
  });
  source.on("event", onEvent);
  source.on("signal", onSignal);

  return {
    async subscribe(topic, callback) {
      const set = callbacks.get(topic) ?? new Set();
      callbacks.set(topic, set.add(callback));
      return { data: null };
    },

    async unsubscribe(topic, callback) {
      const set = callbacks.get(topic);
      set?.delete(callback);
      if (set?.size === 0) callbacks.delete(topic);
      return { data: null };
    },

    async publish(topic, { type, payload }) {
      const id = conversationOf(topic);
      const seq = (payload as { seq?: unknown } | undefined)?.seq;
      if (id !== null && type === "typing") source.typing(id);
      else if (id !== null && type === "read" && typeof seq === "number") {
        // One's own mark counts at once; the server tells it to the others only.
        if (source.person !== null) onSignal({ type: "signal", kind: "read", conversation: id, person: source.person, seq });
        await source.read(id, seq);
      } else throw new Error(`Nothing can be published to ${topic} as ${type}: conversations change by commands`);
      return { data: null };
    },
  };
}

/** The conversation that a stream belongs to, or null for an inbox or session stream. */
function threadOf(stream: string): string | null {
  return stream.startsWith("conversation/") ? stream.slice("conversation/".length) : null;
}
