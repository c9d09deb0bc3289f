import type { ConversationId, Event, QueuedItem, QueuedMessage, Summary } from "./types.js";

/** A conversation as its page shows it. */
export interface Thread {
  readonly id: ConversationId;
  /** In order of `seq`, without a gap, from the oldest loaded one to the newest. A new array after each change. */
  readonly events: readonly Event[];
  /** One's own messages that are not among the events yet, in the order of sending. */
  readonly pending: readonly QueuedMessage[];
  /** Whether there are older events than the first. True while nothing is known yet. */
  readonly hasMore: boolean;
  readonly loading: boolean;
  /** The newest events are here; before, `events` is empty. */
  readonly loaded: boolean;
  readonly summary: Summary | null;
  /** Loads the next older events; a call while one is under way joins it. Rejects when the server refuses. */
  loadOlder(): Promise<void>;
  /** Calls back after each change. Returns the way to stop. */
  subscribe(listener: () => void): () => void;
}

/** What a thread needs of the client. */
export interface ThreadSource {
  history(id: ConversationId, range: { before?: number; after?: number; limit?: number }): Promise<{ events: Event[]; more: boolean }>;
  summary(id: ConversationId): Summary | null;
  pending(id: ConversationId): QueuedItem[];
  /** The thread has its newest events. */
  loaded(thread: LiveThread): void;
}

const PAGE = 50;
const HEAL_PAGE = 200;

/** The thread behind {@link Thread}: events are appended by the client in order, older ones are put before them. */
export class LiveThread implements Thread {
  events: readonly Event[] = [];
  hasMore = true;
  loading = false;
  loaded = false;
  openedAt = 0;
  /** Events that came while the newest ones were being fetched. */
  #early: Event[] = [];
  /** Acknowledged, but the event itself is still on its way. */
  #settling: QueuedItem[] = [];
  #fetching: Promise<void> | null = null;
  #pending: readonly QueuedItem[] | null = null;
  readonly #listeners = new Set<() => void>();

  constructor(
    readonly id: ConversationId,
    readonly source: ThreadSource,
  ) {}

  get summary(): Summary | null {
    return this.source.summary(this.id);
  }

  get pending(): readonly QueuedItem[] {
    if (this.#pending) return this.#pending;
    const queued = this.source.pending(this.id);
    const keys = new Set(queued.map((item) => item.key));
    this.#pending = [...this.#settling.filter((item) => !keys.has(item.key)), ...queued];
    return this.#pending;
  }

  get lastSeq(): number {
    return this.events.at(-1)?.seq ?? 0;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  loadOlder(): Promise<void> {
    if (!this.hasMore) return Promise.resolve();
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = null;
      this.loading = false;
      this.changed();
    });
    return this.#fetching;
  }

  /** Takes over a snapshot or a cached part. */
  fill(events: readonly Event[], hasMore: boolean): void {
    this.events = events;
    this.hasMore = hasMore;
    this.loaded = true;
    this.#early = [];
    this.#settle();
    this.changed();
  }

  /** The next event of the stream. Whoever calls has made sure of the order. */
  append(event: Event): void {
    if (!this.loaded) {
      if (this.#fetching) this.#early.push(event);
      return;
    }
    if (event.seq <= this.lastSeq) return;
    this.events = [...this.events, event];
    this.#settle();
    this.changed();
  }

  /** The item was acknowledged; it is shown until its event takes its place. */
  acknowledged(item: QueuedItem, seq: number): void {
    if (this.loaded && seq > this.lastSeq) this.#settling = [...this.#settling, item];
    this.changed();
  }

  changed(): void {
    this.#pending = null;
    for (const listener of [...this.#listeners]) listener();
  }

  async #fetch(): Promise<void> {
    this.loading = true;
    this.changed();
    const first = this.events[0];
    if (this.loaded && first) {
      const { events, more } = await this.source.history(this.id, { before: first.seq, limit: PAGE });
      // A reset may have replaced the events meanwhile; then these fit nowhere.
      if (this.events[0] !== first) return;
      this.events = [...events.filter((event) => event.seq < first.seq), ...this.events];
      this.hasMore = more && events.length > 0;
      return;
    }
    await this.#fetchNewest();
  }

  async #fetchNewest(): Promise<void> {
    const { events, more } = await this.source.history(this.id, { limit: PAGE });
    for (;;) {
      const last = events.at(-1)?.seq ?? 0;
      const next = this.#early.find((event) => event.seq > last);
      if (!next || next.seq === last + 1) break;
      const missing = await this.source.history(this.id, { after: last, limit: HEAL_PAGE });
      if (missing.events.length === 0) break;
      events.push(...missing.events);
    }
    // A reset that came meanwhile is newer than this answer.
    if (this.loaded) return;
    const last = events.at(-1)?.seq ?? 0;
    this.fill([...events, ...this.#early.filter((event) => event.seq > last)], more);
    this.source.loaded(this);
  }

  #settle(): void {
    if (this.#settling.length === 0) return;
    const arrived = new Set(this.events.slice(-HEAL_PAGE).map((event) => (event.kind === "message" || event.kind === "note" ? event.key : "")));
    this.#settling = this.#settling.filter((item) => !arrived.has(item.key));
  }
}
