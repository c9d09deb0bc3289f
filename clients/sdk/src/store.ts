import type { ConversationId, Event, Person, PersonId, Position, QueuedItem, Summary } from "./types.js";

/**
 * What one signed-in device remembers between two visits. It is kept under the token's public number, since a device
 * must know whose queue to show before the server has said who it is.
 */
export interface StoredSession {
  tokenId: string;
  person: Person;
  /** Positions of the own session and inbox streams. */
  positions: Record<string, Position>;
  conversations: Summary[];
}

/** The newest part of a thread together with the position that it reaches, so that the two never disagree. */
export interface StoredThread {
  id: ConversationId;
  position: Position;
  /** In order, without a gap, the last one at `position.seq`. */
  events: Event[];
  hasMore: boolean;
  /** When it was last looked at, milliseconds since 1970. */
  openedAt: number;
}

/** Where positions, cached threads and the outgoing queue survive a reload. Every method may reject with the store's own error. */
export interface Store {
  session(tokenId: string): Promise<StoredSession | null>;
  saveSession(session: StoredSession): Promise<void>;
  /** Threads of a person, the most recently opened first. */
  threads(owner: PersonId): Promise<StoredThread[]>;
  saveThread(owner: PersonId, thread: StoredThread): Promise<void>;
  dropThread(owner: PersonId, id: ConversationId): Promise<void>;
  /** The outgoing queue of a person in its order. */
  queue(owner: PersonId): Promise<QueuedItem[]>;
  put(item: QueuedItem): Promise<void>;
  remove(key: string): Promise<void>;
  /** Hands unsent items to another owner: a guest has become an account. */
  adoptQueue(from: PersonId, to: PersonId): Promise<void>;
  /** Forgets a session and the threads of its person. The queue stays: it holds unsent words. */
  forget(tokenId: string): Promise<void>;
}
