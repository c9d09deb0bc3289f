import type { Identifier } from "ra-core";

/** A change, in the form that React Admin publishes for realtime data providers. */
export interface RealtimeEvent<Payload = unknown> {
  topic: string;
  /** `created`, `updated` and `deleted` as everywhere in React Admin; the rest are the panel's own. */
  type: string;
  payload: Payload;
  /** When this browser learned of it, RFC 3339. */
  date: string;
}

export type RealtimeCallback = (event: RealtimeEvent) => void;

/** The three methods that React Admin's realtime hooks expect of a data provider. */
export interface RealtimeProvider {
  subscribe(topic: string, callback: RealtimeCallback): Promise<{ data: null }>;
  unsubscribe(topic: string, callback: RealtimeCallback): Promise<{ data: null }>;
  publish(topic: string, event: { type: string; payload?: unknown }): Promise<{ data: null }>;
}

/** Every change of the list of conversations. */
export const CONVERSATIONS_TOPIC = "resource/conversations";

/** Every change in one conversation, its signals included. */
export function conversationTopic(id: Identifier): string {
  return `${CONVERSATIONS_TOPIC}/${id}`;
}

/** The id in a conversation's topic, or null if it is another topic. */
export function conversationOf(topic: string): string | null {
  const prefix = `${CONVERSATIONS_TOPIC}/`;
  return topic.startsWith(prefix) && topic.length > prefix.length ? topic.slice(prefix.length) : null;
}
