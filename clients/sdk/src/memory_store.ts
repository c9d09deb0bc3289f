import type { Store, StoredSession, StoredThread } from "./store.js";
import type { ConversationId, PersonId, QueuedItem } from "./types.js";

/** A store that lasts as long as the page: for tests, and where the browser denies IndexedDB. */
export class MemoryStore implements Store {
  readonly #sessions = new Map<string, StoredSession>();
  readonly #threads = new Map<string, StoredThread & { owner: PersonId }>();
  readonly #queue = new Map<string, QueuedItem>();

  async session(tokenId: string): Promise<StoredSession | null> {
    return structuredClone(this.#sessions.get(tokenId) ?? null);
  }

  async saveSession(session: StoredSession): Promise<void> {
    this.#sessions.set(session.tokenId, structuredClone(session));
  }

  async threads(owner: PersonId): Promise<StoredThread[]> {
    const own = [...this.#threads.values()].filter((thread) => thread.owner === owner);
    return structuredClone(own.sort((a, b) => b.openedAt - a.openedAt));
  }

  async saveThread(owner: PersonId, thread: StoredThread): Promise<void> {
    this.#threads.set(`${owner} ${thread.id}`, structuredClone({ ...thread, owner }));
  }

  async dropThread(owner: PersonId, id: ConversationId): Promise<void> {
    this.#threads.delete(`${owner} ${id}`);
  }

  async queue(owner: PersonId): Promise<QueuedItem[]> {
    const own = [...this.#queue.values()].filter((item) => item.owner === owner);
    return structuredClone(own.sort((a, b) => a.order - b.order));
  }

  async put(item: QueuedItem): Promise<void> {
    this.#queue.set(item.key, structuredClone(item));
  }

  async remove(key: string): Promise<void> {
    this.#queue.delete(key);
  }

  async adoptQueue(from: PersonId, to: PersonId): Promise<void> {
    for (const item of this.#queue.values()) if (item.owner === from) item.owner = to;
  }

  async forget(tokenId: string): Promise<void> {
    const owner = this.#sessions.get(tokenId)?.person.id;
    this.#sessions.delete(tokenId);
    for (const [key, thread] of this.#threads) if (thread.owner === owner) this.#threads.delete(key);
  }
}
