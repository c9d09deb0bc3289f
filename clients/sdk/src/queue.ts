import { backoffDelay } from "./backoff.js";
import { type Exclusively, newKey, type Timers } from "./environment.js";
import { CommandError, NotConnectedError, OutcomeUnknownError } from "./requests.js";
import type { Store } from "./store.js";
import type { Command, ErrorCode, ErrorFrame, OkFrame, PersonId, QueuedItem } from "./types.js";

/** What the queue needs of the client. */
export interface QueueOptions {
  store: Store;
  ask: (command: Command) => Promise<OkFrame>;
  exclusively: Exclusively;
  timers: Timers;
  now: () => number;
  random: () => number;
  changed: (items: QueuedItem[]) => void;
  sent: (item: QueuedItem, ok: OkFrame) => void;
  refused: (item: QueuedItem, error: ErrorFrame) => void;
}

export type Draft = Pick<QueuedItem, "command" | "conversation" | "body"> & { subject?: string };

/** Worth another try: nothing was stored, and the reason passes. */
const PASSING = new Set<ErrorCode>(["rate_limited", "unavailable", "internal"]);
/** A server that fails this often on one item will not do better: the person decides, and the others go on. */
const INTERNAL_TRIES = 5;
const MAX_BACKOFF_STEP = 6;

/**
 * The outgoing queue. Items of one conversation go out one after another in their order, different conversations
 * side by side. An item leaves the store only when the server has acknowledged it.
 */
export class OutgoingQueue {
  readonly #options: QueueOptions;
  #owner: PersonId | null = null;
  #items: QueuedItem[] = [];
  #online = false;
  #draining = false;
  #again = false;
  #lastOrder = 0;
  /** The timer of a pause that the server asked for; nothing goes out before it. */
  #pause: unknown = null;
  #failures = 0;
  readonly #tries = new Map<string, number>();
  /** Keys that the store has held: when one is gone from there, another tab has sent or discarded it. */
  readonly #known = new Set<string>();

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  /** Refused ones included, in order. */
  get items(): QueuedItem[] {
    return this.#items;
  }

  async load(owner: PersonId): Promise<void> {
    this.#owner = owner;
    await this.#reload();
  }

  /** Shows it once the store has it: what is seen as queued survives a reload. Rejects, and shows nothing, if it cannot be stored. */
  async add(draft: Draft): Promise<QueuedItem> {
    const owner = this.#owner;
    if (owner === null) throw new Error("nobody is signed in, so there is no queue to put this in");
    // Tabs share the queue: the clock keeps their items in order, the last item's order keeps one tab's.
    this.#lastOrder = Math.max(this.#options.now() * 1000, this.#lastOrder + 1, (this.#items.at(-1)?.order ?? 0) + 1);
    const item: QueuedItem = {
      ...draft,
      key: newKey(),
      owner,
      order: this.#lastOrder,
      createdAt: this.#options.now(),
      state: "queued",
    };
    await this.#options.store.put(item);
    // A look at the store may have found it already; or somebody else is signed in by now.
    const shown = this.#items.some(({ key }) => key === item.key);
    if (this.#owner === owner && !shown) this.#change([...this.#items, item].sort((a, b) => a.order - b.order));
    void this.#drain();
    return item;
  }

  /** Sends a refused item again, under its key. */
  async retry(key: string): Promise<void> {
    const item = this.#items.find((candidate) => candidate.key === key);
    if (item?.state !== "refused") return;
    const { error: _, ...rest } = item;
    this.#tries.delete(key);
    const next: QueuedItem = { ...rest, state: "queued" };
    this.#replace(next);
    await this.#options.store.put(next);
    void this.#drain();
  }

  /** Takes an item out for good, unless it is being sent at this moment. */
  async discard(key: string): Promise<void> {
    const item = this.#items.find((candidate) => candidate.key === key);
    if (!item || item.state === "sending") return;
    await this.#drop(key);
  }

  /** The item's event was seen, sent by this tab or by another. */
  async confirm(key: string): Promise<void> {
    if (this.#items.some((item) => item.key === key)) await this.#drop(key);
  }

  online(): void {
    this.#online = true;
    this.#failures = 0;
    void this.#drain();
  }

  offline(): void {
    this.#online = false;
    this.#endPause();
  }

  clear(): void {
    this.offline();
    this.#owner = null;
    this.#change([]);
  }

  async #reload(): Promise<void> {
    const owner = this.#owner;
    if (owner === null) return;
    const stored = await this.#options.store.queue(owner);
    const storedKeys = new Set(stored.map((item) => item.key));
    // An item that this tab has just added may have reached the store after the look at it.
    const fresh = this.#items.filter((item) => item.owner === owner && !storedKeys.has(item.key) && item.state === "queued" && !this.#known.has(item.key));
    for (const key of storedKeys) this.#known.add(key);
    this.#change([...stored.map((item) => (item.state === "sending" ? { ...item, state: "queued" as const } : item)), ...fresh]);
  }

  async #drain(): Promise<void> {
    if (this.#draining) {
      this.#again = true;
      return;
    }
    this.#draining = true;
    try {
      do {
        this.#again = false;
        if (!this.#online || this.#owner === null || this.#pause !== null) break;
        await this.#options.exclusively(`otvet-queue:${this.#owner}`, () => this.#pass());
      } while (this.#again);
    } finally {
      this.#draining = false;
    }
  }

  async #pass(): Promise<void> {
    await this.#reload();
    const lanes = new Map<string, QueuedItem[]>();
    for (const item of this.#items) {
      if (item.state !== "queued") continue;
      const lane = item.conversation ?? "";
      lanes.set(lane, [...(lanes.get(lane) ?? []), item]);
    }
    await Promise.all([...lanes.values()].map((lane) => this.#sendLane(lane)));
  }

  async #sendLane(lane: QueuedItem[]): Promise<void> {
    for (const item of lane) {
      if (!this.#online || this.#pause !== null) return;
      // Discarded, or seen as an event, since the pass began.
      if (!this.#items.some((candidate) => candidate.key === item.key)) continue;
      if (!(await this.#send({ ...item, state: "sending" }))) return;
    }
  }

  /** Whether the next item of the lane may go. */
  async #send(item: QueuedItem): Promise<boolean> {
    this.#replace(item);
    try {
      const ok = await this.#options.ask(commandOf(item));
      this.#failures = 0;
      this.#options.sent(item, ok);
      await this.#drop(item.key);
      return true;
    } catch (error) {
      if (error instanceof OutcomeUnknownError || error instanceof NotConnectedError) {
        this.#replace({ ...item, state: "queued" });
        return false;
      }
      if (!(error instanceof CommandError)) throw error;
      return this.#refused(item, error.frame);
    }
  }

  async #refused(item: QueuedItem, frame: ErrorFrame): Promise<boolean> {
    const tries = (this.#tries.get(item.key) ?? 0) + 1;
    this.#tries.set(item.key, tries);
    const passing = PASSING.has(frame.code) && !(frame.code === "internal" && tries >= INTERNAL_TRIES);
    if (passing || frame.code === "unauthorized") {
      this.#replace({ ...item, state: "queued" });
      if (passing) this.#pauseFor(frame.retry_after_ms ?? 0);
      return false;
    }
    const refused: QueuedItem = { ...item, state: "refused", error: { code: frame.code, message: frame.message } };
    this.#replace(refused);
    await this.#options.store.put(refused);
    this.#options.refused(refused, frame);
    return true;
  }

  #pauseFor(atLeast: number): void {
    this.#endPause();
    const delay = backoffDelay(Math.min(this.#failures++, MAX_BACKOFF_STEP), this.#options.random(), atLeast);
    this.#pause = this.#options.timers.setTimeout(() => {
      this.#pause = null;
      void this.#drain();
    }, delay);
  }

  #endPause(): void {
    this.#options.timers.clearTimeout(this.#pause);
    this.#pause = null;
  }

  async #drop(key: string): Promise<void> {
    this.#tries.delete(key);
    this.#change(this.#items.filter((item) => item.key !== key));
    await this.#options.store.remove(key);
  }

  #replace(item: QueuedItem): void {
    this.#change(this.#items.map((candidate) => (candidate.key === item.key ? item : candidate)));
  }

  #change(items: QueuedItem[]): void {
    this.#items = items;
    this.#options.changed(items);
  }
}

function commandOf(item: QueuedItem): Command {
  const { key, body } = item;
  if (item.command === "open") return { type: "open", key, body, ...(item.subject ? { subject: item.subject } : {}) };
  if (item.conversation === null) throw new Error("a message names its conversation");
  return { type: item.command, conversation: item.conversation, key, body };
}
