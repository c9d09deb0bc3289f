import { Connection } from "./connection.js";
import {
  BROWSER, BROWSER_LOCK, type Exclusively, type SocketConstructor, type Surroundings, SYSTEM_TIMERS, type Timers,
} from "./environment.js";
import { Emitter } from "./emitter.js";
import { Keeper } from "./keeper.js";
import { Mirror } from "./mirror.js";
import { OutgoingQueue } from "./queue.js";
import { ReadMarks } from "./read_marks.js";
import { RequestBook } from "./requests.js";
import type { Store, StoredSession } from "./store.js";
import { conversationStream } from "./streams.js";
import type { LiveThread, Thread } from "./thread.js";
import {
  type ConnectionState, type ConversationId, DEFAULT_LIMITS, type ErrorFrame, type Event, type Hello, type Limits, type OkFrame,
  type Person, type PersonId, type QueuedItem, type Ready, type RequestId, type Reset, type ServerFrame, type Signal, type Summary,
} from "./types.js";

export interface ClientOptions {
  /** `ws://host/ws` or `wss://host/ws`. */
  url: string;
  /** The bearer token, asked for at each `hello`; null when nobody is signed in. */
  token: () => string | null;
  /** What the person's list of devices calls this one. */
  device?: string;
  store: Store;
  /** In [0, 1). */
  random?: () => number;
  /** Milliseconds since 1970. */
  now?: () => number;
  webSocket?: SocketConstructor | typeof WebSocket;
  timers?: Timers;
  surroundings?: Surroundings;
  exclusively?: Exclusively;
}

export interface ClientEvents {
  state: ConnectionState;
  ready: Ready;
  /** An event of any stream that was applied: in order, each once. */
  event: Event;
  signal: Signal;
  reset: Reset;
  /** An item of the queue was acknowledged. */
  sent: { item: QueuedItem; conversation: ConversationId; seq: number };
  /** An item of the queue was refused; it waits for {@link OtvetClient.retry} or {@link OtvetClient.discard}. */
  refused: { item: QueuedItem; error: ErrorFrame };
  queue: QueuedItem[];
  conversations: Summary[];
}

/** The realtime side: one socket, every stream without loss or doubling, an outgoing queue. */
export class OtvetClient {
  readonly #options: ClientOptions;
  readonly #now: () => number;
  readonly #emitter = new Emitter<ClientEvents>();
  readonly #requests = new RequestBook();
  readonly #mirror: Mirror;
  readonly #connection: Connection;
  readonly #queue: OutgoingQueue;
  readonly #keeper: Keeper;
  readonly #marks = new ReadMarks((command) => this.#requests.ask(command));
  /** Conversations of others whose live events this client wants, on this connection and the ones after it. */
  readonly #watched = new Set<ConversationId>();
  #person: Person | null = null;
  #limits: Limits = DEFAULT_LIMITS;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    const timers = options.timers ?? SYSTEM_TIMERS;
    const random = options.random ?? Math.random;
    this.#keeper = new Keeper(options.store, timers);
    this.#queue = new OutgoingQueue({
      store: options.store,
      ask: (command) => this.#requests.ask(command),
      exclusively: options.exclusively ?? BROWSER_LOCK,
      timers,
      now: this.#now,
      random,
      changed: (items) => this.#queueChanged(items),
      sent: (item, ok) => this.#sent(item, ok),
      refused: (item, error) => this.#emitter.emit("refused", { item, error }),
    });
    this.#mirror = new Mirror({
      history: (id, range) => this.history(id, range),
      restart: () => this.#connection.restart(),
      me: () => this.#person,
      pending: (id) => this.#queue.items.filter((item) => item.conversation === id),
      applied: (event) => this.#applied(event),
      conversationsChanged: (conversations) => this.#emitter.emit("conversations", conversations),
      keepSession: () => this.#keepSession(),
      keepThread: (thread) => this.#keepThread(thread),
    });
    this.#connection = new Connection({
      url: options.url,
      webSocket: (options.webSocket ?? globalThis.WebSocket) as SocketConstructor,
      timers,
      random,
      surroundings: options.surroundings ?? BROWSER,
      signedIn: () => options.token() !== null,
      hello: () => ({ id: this.#requests.takeId(), ...this.#hello() }),
      ping: () => ({ type: "ping", id: this.#requests.takeId() }),
      received: (frame) => this.#received(frame),
      lost: () => this.#lost(),
      stateChanged: (state) => this.#emitter.emit("state", state),
    });
  }

  /** Shows what is stored, then connects. Rejects only when the store does. */
  async start(): Promise<void> {
    const tokenId = this.#tokenId();
    const session = tokenId === null ? null : await this.#options.store.session(tokenId);
    if (session) await this.#restore(session);
    this.#connection.start();
  }

  /** Closes with 1000 and forgets what it showed. The queue is kept in the store. */
  stop(): void {
    void this.#keeper.flush().catch(() => undefined);
    this.#connection.stop();
    this.#requests.abandon();
    this.#queue.clear();
    this.#watched.clear();
    this.#marks.clear();
    this.#person = null;
    this.#mirror.clear();
  }

  get state(): ConnectionState {
    return this.#connection.state;
  }

  get person(): Person | null {
    return this.#person;
  }

  get limits(): Limits {
    return this.#limits;
  }

  on<K extends keyof ClientEvents>(event: K, handler: (value: ClientEvents[K]) => void): () => void {
    return this.#emitter.on(event, handler);
  }

  /** The own list, the most recently changed first; the same array until something changes. */
  conversations(): Summary[] {
    return this.#mirror.list.all();
  }

  /** Everything that is not acknowledged yet, refused items included. */
  queue(): QueuedItem[] {
    return this.#queue.items;
  }

  /** The thread of a conversation; it starts to load when it is new. */
  thread(id: ConversationId): Thread {
    const thread = this.#mirror.thread(id);
    thread.openedAt = this.#now();
    if (!thread.loaded && !thread.loading) void thread.loadOlder().catch(() => undefined);
    else if (thread.loaded) this.#keepThread(thread);
    return thread;
  }

  open(question: { subject?: string; body: string }): Promise<QueuedItem> {
    return this.#queue.add({ command: "open", conversation: null, ...question });
  }

  send(conversation: ConversationId, body: string): Promise<QueuedItem> {
    return this.#queue.add({ command: "send", conversation, body });
  }

  note(conversation: ConversationId, body: string): Promise<QueuedItem> {
    return this.#queue.add({ command: "note", conversation, body });
  }

  retry(key: string): Promise<void> {
    return this.#queue.retry(key);
  }

  discard(key: string): Promise<void> {
    return this.#queue.discard(key);
  }

  claim(id: ConversationId, options: { takeOver?: boolean } = {}): Promise<OkFrame> {
    return this.#requests.ask({ type: "claim", conversation: id, take_over: options.takeOver ?? false });
  }

  release(id: ConversationId): Promise<OkFrame> {
    return this.#requests.ask({ type: "release", conversation: id });
  }

  transfer(id: ConversationId, to: PersonId): Promise<OkFrame> {
    return this.#requests.ask({ type: "transfer", conversation: id, to });
  }

  resolve(id: ConversationId): Promise<OkFrame> {
    return this.#requests.ask({ type: "resolve", conversation: id });
  }

  reopen(id: ConversationId): Promise<OkFrame> {
    return this.#requests.ask({ type: "reopen", conversation: id });
  }

  /** Moves the own read mark; shown at once. Marks that are overtaken before they went out are not sent. */
  read(id: ConversationId, seq: number): Promise<void> {
    this.#mirror.markRead(id, seq);
    return this.#marks.move("read", id, seq);
  }

  delivered(id: ConversationId, seq: number): Promise<void> {
    return this.#marks.move("delivered", id, seq);
  }

  /** Tells the others that this person writes; at most one each two seconds reaches them. */
  typing(id: ConversationId): void {
    if (this.state === "online") this.#connection.send({ type: "typing", conversation: id });
  }

  /** Asks for live events of a conversation that is not one's own, on this connection and the ones after it. */
  async watch(id: ConversationId): Promise<OkFrame> {
    this.#watched.add(id);
    const ok = await this.#requests.ask({ type: "watch", conversation: id });
    if (ok.position && this.#watched.has(id)) this.#mirror.resumeAt(id, ok.position);
    return ok;
  }

  unwatch(id: ConversationId): Promise<OkFrame> {
    this.#watched.delete(id);
    return this.#requests.ask({ type: "unwatch", conversation: id });
  }

  /** Stored events, oldest first; at most 200. */
  async history(id: ConversationId, range: { before?: number; after?: number; limit?: number } = {}): Promise<{ events: Event[]; more: boolean }> {
    const ok = await this.#requests.ask({ type: "history", conversation: id, ...range });
    return { events: ok.events ?? [], more: ok.more ?? false };
  }

  #tokenId(): string | null {
    return this.#options.token()?.split("|")[0] ?? null;
  }

  async #restore(session: StoredSession): Promise<void> {
    this.#person = session.person;
    this.#mirror.restore(session.conversations, session.positions, await this.#options.store.threads(session.person.id));
    await this.#queue.load(session.person.id);
    this.#emitter.emit("conversations", this.conversations());
  }

  #hello(): Hello {
    const device = this.#options.device;
    const positions = this.#mirror.positions();
    return {
      type: "hello",
      token: this.#options.token() ?? "",
      ...(device ? { device } : {}),
      ...(Object.keys(positions).length > 0 ? { positions } : {}),
    };
  }

  #received(frame: ServerFrame): void {
    switch (frame.type) {
      case "ready":
        return this.#ready(frame);
      case "ok":
      case "error":
        return this.#requests.answered(frame);
      case "event":
        return this.#mirror.event(frame);
      case "reset":
        this.#mirror.reset(frame);
        return this.#emitter.emit("reset", frame);
      case "signal":
        this.#mirror.signal(frame);
        return this.#emitter.emit("signal", frame);
      case "bye":
        return;
    }
  }

  #lost(): void {
    this.#mirror.lost();
    this.#queue.offline();
    this.#requests.lost();
  }

  #ready(ready: Ready): void {
    this.#person = ready.person;
    this.#limits = { ...DEFAULT_LIMITS, ...ready.limits };
    // One place is left for the heartbeat's `ping`, which must not be the command too many.
    this.#requests.limit = Math.max(1, this.#limits.unanswered_commands - 1);
    this.#requests.connected((command, id: RequestId) => this.#connection.send({ ...command, id }));
    this.#mirror.ready(ready);
    for (const id of this.#watched) void this.watch(id).catch(() => undefined);
    this.#emitter.emit("ready", ready);
    void this.#queue.load(ready.person.id).then(() => this.state === "online" && this.#queue.online());
  }

  #applied(event: Event): void {
    const isOwn = (event.kind === "message" || event.kind === "note") && event.author.id === this.#person?.id;
    if (isOwn) void this.#queue.confirm(event.key).catch(() => undefined);
    this.#emitter.emit("event", event);
  }

  #sent(item: QueuedItem, ok: OkFrame): void {
    if (ok.conversation) this.#mirror.upsert(ok.conversation);
    const conversation = ok.conversation?.id ?? item.conversation;
    if (conversation === null) return;
    this.#mirror.known(conversation)?.acknowledged(item, ok.seq ?? 0);
    this.#emitter.emit("sent", { item, conversation, seq: ok.seq ?? 0 });
  }

  #queueChanged(items: QueuedItem[]): void {
    this.#mirror.queueChanged();
    this.#emitter.emit("queue", items);
  }

  #keepSession(): void {
    const person = this.#person;
    const tokenId = this.#tokenId();
    if (!person || tokenId === null) return;
    this.#keeper.session(person.id, () => ({
      tokenId,
      person,
      positions: this.#mirror.listPositions(),
      conversations: this.conversations(),
    }));
  }

  #keepThread(thread: LiveThread): void {
    if (this.#person) this.#keeper.thread(this.#person.id, thread, () => this.#mirror.position(conversationStream(thread.id)));
  }
}
