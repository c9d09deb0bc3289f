import type { Timers } from "./environment.js";
import type { Store, StoredSession, StoredThread } from "./store.js";
import type { LiveThread } from "./thread.js";
import type { PersonId, Position } from "./types.js";

/** Threads whose positions are kept and sent in `hello`. */
export const KEPT_THREADS = 20;
/** Events of a kept thread; older ones are fetched when scrolled to. */
const KEPT_EVENTS = 200;
/** Milliseconds; a burst of events is one write. */
const WRITE_DELAY = 300;

/**
 * Writes what a reload needs, a little later and in one go. Losing the last write is harmless: a stored thread is
 * whole up to its own position, and the server fills in the rest.
 */
export class Keeper {
  readonly #store: Store;
  readonly #timers: Timers;
  #session: (() => StoredSession | null) | null = null;
  readonly #threads = new Map<string, () => StoredThread | null>();
  #owner: PersonId | null = null;
  #timer: unknown = null;

  constructor(store: Store, timers: Timers) {
    this.#store = store;
    this.#timers = timers;
  }

  session(owner: PersonId, session: () => StoredSession | null): void {
    this.#owner = owner;
    this.#session = session;
    this.#soon();
  }

  thread(owner: PersonId, thread: LiveThread, position: () => Position | null): void {
    this.#owner = owner;
    this.#threads.set(thread.id, () => storedThread(thread, position()));
    this.#soon();
  }

  stop(): void {
    this.#timers.clearTimeout(this.#timer);
    this.#timer = null;
    this.#session = null;
    this.#threads.clear();
  }

  /** Writes now. */
  async flush(): Promise<void> {
    const owner = this.#owner;
    const session = this.#session?.();
    const threads = [...this.#threads.values()].map((make) => make());
    this.stop();
    if (owner === null) return;
    if (session) await this.#store.saveSession(session);
    for (const thread of threads) if (thread) await this.#store.saveThread(owner, thread);
    if (threads.length > 0) await this.#prune(owner);
  }

  async #prune(owner: PersonId): Promise<void> {
    const kept = await this.#store.threads(owner);
    for (const thread of kept.slice(KEPT_THREADS)) await this.#store.dropThread(owner, thread.id);
  }

  #soon(): void {
    // A full or denied disk costs the cache and nothing else.
    this.#timer ??= this.#timers.setTimeout(() => void this.flush().catch(() => undefined), WRITE_DELAY);
  }
}

function storedThread(thread: LiveThread, position: Position | null): StoredThread | null {
  if (!thread.loaded || !position?.epoch) return null;
  const events = thread.events.slice(-KEPT_EVENTS);
  return {
    id: thread.id,
    position: { epoch: position.epoch, seq: thread.lastSeq },
    events,
    hasMore: thread.hasMore || events.length < thread.events.length,
    openedAt: thread.openedAt,
  };
}
