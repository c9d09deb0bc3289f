import { Conversations } from "./conversations.js";
import { KEPT_THREADS } from "./keeper.js";
import { CommandError } from "./requests.js";
import type { StoredThread } from "./store.js";
import { conversationOf, conversationStream, Streams } from "./streams.js";
import { LiveThread } from "./thread.js";
import type { ConversationId, Event, Person, Position, QueuedItem, Ready, Reset, Signal, Summary } from "./types.js";

/** What the mirror needs of the client. */
export interface MirrorHost {
  history(id: ConversationId, range: { before?: number; after?: number; limit?: number }): Promise<{ events: Event[]; more: boolean }>;
  /** Starts over on a new socket, from the positions. */
  restart(): void;
  me(): Person | null;
  pending(id: ConversationId): QueuedItem[];
  /** An event was applied: in order, each once. */
  applied(event: Event): void;
  conversationsChanged(conversations: Summary[]): void;
  keepSession(): void;
  keepThread(thread: LiveThread): void;
}

const HEAL_PAGE = 200;

/**
 * This device's copy of the streams: positions, the list of conversations and the open threads. The rules of delivery
 * are kept here: an event is applied only in its turn, a doubled one is dropped, a gap is filled before anything later
 * is shown.
 */
export class Mirror {
  readonly #host: MirrorHost;
  readonly #streams = new Streams();
  readonly #list = new Conversations();
  readonly #threads = new Map<ConversationId, LiveThread>();
  readonly #healing = new Set<string>();
  /** Heads of the list's streams at `ready`: entries up to there are in `ready.conversations` already. */
  #listHeads: Record<string, number> = {};

  constructor(host: MirrorHost) {
    this.#host = host;
  }

  get list(): Conversations {
    return this.#list;
  }

  position(stream: string): Position | null {
    return this.#streams.position(stream);
  }

  /** The thread, made when it is new; loading it is the caller's business. */
  thread(id: ConversationId): LiveThread {
    const known = this.#threads.get(id);
    if (known) return known;
    const thread = new LiveThread(id, {
      history: (of, range) => this.#host.history(of, range),
      summary: (of) => this.#list.get(of),
      pending: (of) => this.#host.pending(of),
      loaded: (loaded) => this.#threadLoaded(loaded),
    });
    this.#threads.set(id, thread);
    return thread;
  }

  known(id: ConversationId): LiveThread | undefined {
    return this.#threads.get(id);
  }

  clear(): void {
    for (const name of this.#streams.names()) this.#streams.forget(name);
    this.#threads.clear();
    this.#list.replaceAll([]);
    this.#host.conversationsChanged([]);
  }

  restore(conversations: Summary[], positions: Record<string, Position>, threads: StoredThread[]): void {
    this.#list.replaceAll(conversations);
    for (const [name, position] of Object.entries(positions)) this.#streams.set(name, position);
    for (const stored of threads.slice(0, KEPT_THREADS)) {
      const thread = this.thread(stored.id);
      thread.openedAt = stored.openedAt;
      thread.fill(stored.events, stored.hasMore);
      this.#streams.set(conversationStream(stored.id), stored.position);
    }
  }

  /** For `hello`: the list's streams and the newest threads. Threads beyond those are healed once `ready` has come. */
  positions(): Record<string, Position> {
    const threads = [...this.#threads.values()].filter((thread) => thread.loaded).sort((a, b) => b.openedAt - a.openedAt);
    const names = [...this.#listStreams(), ...threads.slice(0, KEPT_THREADS).map((thread) => conversationStream(thread.id))];
    return this.#positionsOf(names);
  }

  /** Positions of the own session and inbox streams. */
  listPositions(): Record<string, Position> {
    return this.#positionsOf(this.#listStreams());
  }

  lost(): void {
    this.#streams.dropHeld();
    this.#healing.clear();
  }

  ready(ready: Ready): void {
    this.#streams.conversationEpoch = ready.epoch;
    this.#list.replaceAll(ready.conversations);
    this.#listHeads = {};
    for (const [name, head] of Object.entries(ready.streams)) {
      if (conversationOf(name) === null) this.#listHeads[name] = head.seq;
      if (!(name in ready.recovered) && !this.#isLoaded(name)) this.#streams.set(name, head);
    }
    for (const thread of this.#threads.values()) {
      const stream = conversationStream(thread.id);
      if (thread.loaded && !(stream in ready.recovered)) this.resumeAt(thread.id, ready.streams[stream] ?? null);
      thread.changed();
    }
    this.#host.keepSession();
    this.#host.conversationsChanged(this.#list.all());
  }

  /** Live events of a conversation start after `head`: what a thread lacks up to there is fetched. Null: not known. */
  resumeAt(id: ConversationId, head: Position | null): void {
    const stream = conversationStream(id);
    const thread = this.#threads.get(id);
    if (!thread?.loaded) {
      if (head) this.#streams.set(stream, { epoch: head.epoch, seq: Math.max(head.seq, this.#streams.position(stream)?.seq ?? 0) });
      return;
    }
    this.#streams.set(stream, { epoch: head?.epoch ?? this.#streams.conversationEpoch, seq: thread.lastSeq });
    if (!head || thread.lastSeq < head.seq) void this.#heal(stream);
  }

  event(event: Event): void {
    const verdict = this.#streams.admit(event);
    if (verdict === "duplicate") return;
    if (verdict === "gap") return void this.#heal(event.stream);
    this.#apply(event);
    for (let next = this.#streams.nextHeld(event.stream); next; next = this.#streams.nextHeld(event.stream)) this.#apply(next);
  }

  reset(reset: Reset): void {
    const { snapshot } = reset;
    this.#streams.set(reset.stream, { epoch: reset.epoch, seq: reset.seq });
    if ("conversation" in snapshot) {
      this.#list.refresh(snapshot.conversation, this.#host.me()?.id ?? null);
      const thread = this.#threads.get(snapshot.conversation.id);
      thread?.fill(snapshot.events, snapshot.more);
      if (thread) this.#host.keepThread(thread);
    } else {
      this.#list.replaceAll(snapshot.conversations);
      this.#listHeads[reset.stream] = reset.seq;
      this.#host.keepSession();
      for (const thread of this.#threads.values()) thread.changed();
    }
    this.#host.conversationsChanged(this.#list.all());
  }

  signal(signal: Signal): void {
    this.#list.applySignal(signal, this.#host.me()?.id ?? null);
    if (signal.kind === "read" || signal.kind === "delivered") this.#changed(signal.conversation);
  }

  upsert(conversation: Summary): void {
    this.#list.upsert(conversation, this.#host.me()?.id ?? null);
    this.#changed(conversation.id);
  }

  markRead(id: ConversationId, seq: number): void {
    const me = this.#host.me();
    if (!me) return;
    this.#list.markRead(id, me.id, seq);
    this.#changed(id);
  }

  queueChanged(): void {
    for (const thread of this.#threads.values()) thread.changed();
  }

  #apply(event: Event): void {
    const id = conversationOf(event.stream);
    if (id === null) this.#applyToList(event);
    else this.#applyToThread(id, event);
    this.#host.applied(event);
  }

  #applyToList(event: Event): void {
    this.#host.keepSession();
    if (event.seq <= (this.#listHeads[event.stream] ?? 0)) return;
    if (event.kind === "upsert") this.upsert(event.conversation);
    if (event.kind === "remove") {
      this.#list.remove(event.conversation_id);
      this.#changed(event.conversation_id);
    }
  }

  #applyToThread(id: ConversationId, event: Event): void {
    this.#list.applyEvent(event, this.#host.me()?.id ?? null);
    const thread = this.#threads.get(id);
    thread?.append(event);
    if (thread?.loaded) this.#host.keepThread(thread);
    this.#changed(id);
  }

  #changed(id: ConversationId): void {
    this.#threads.get(id)?.changed();
    this.#host.conversationsChanged(this.#list.all());
  }

  /** Fetches what is missing before anything later is shown. Streams without a history start over on a new socket. */
  async #heal(stream: string): Promise<void> {
    const id = conversationOf(stream);
    if (id === null) return this.#host.restart();
    if (this.#healing.has(stream)) return;
    this.#healing.add(stream);
    try {
      for (;;) {
        const after = this.#streams.position(stream)?.seq ?? 0;
        const { events, more } = await this.#host.history(id, { after, limit: HEAL_PAGE });
        for (const event of events) this.event(event);
        if (!more && !this.#streams.hasHeld(stream)) return;
        if ((this.#streams.position(stream)?.seq ?? 0) === after) return this.#host.restart();
      }
    } catch (error) {
      if (error instanceof CommandError && error.frame.code !== "not_found") this.#host.restart();
      else this.#streams.forget(stream);
    } finally {
      this.#healing.delete(stream);
    }
  }

  #threadLoaded(thread: LiveThread): void {
    const stream = conversationStream(thread.id);
    this.#streams.set(stream, { epoch: this.#streams.position(stream)?.epoch || this.#streams.conversationEpoch, seq: thread.lastSeq });
    this.#host.keepThread(thread);
  }

  #isLoaded(stream: string): boolean {
    const id = conversationOf(stream);
    return id !== null && (this.#threads.get(id)?.loaded ?? false);
  }

  #listStreams(): string[] {
    return this.#streams.names().filter((name) => conversationOf(name) === null);
  }

  /** A stream whose epoch is not known (it was first seen live) has no position that the server could judge. */
  #positionsOf(names: string[]): Record<string, Position> {
    const positions: Record<string, Position> = {};
    for (const name of names) {
      const position = this.#streams.position(name);
      if (position?.epoch) positions[name] = position;
    }
    return positions;
  }
}
