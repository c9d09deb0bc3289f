import { conversationOf } from "./streams.js";
import type { Cursor, Event, Person, PersonId, Signal, Summary } from "./types.js";

const PREVIEW = 200;

/**
 * The list of conversations, kept up to date from whole entries (`ready`, `upsert`, `reset`) and, between two of those,
 * from the events and receipts themselves. An entry that is older than what is known is passed over.
 */
export class Conversations {
  readonly #entries = new Map<string, Summary>();
  /** Conversations that are looked at without being in the list. */
  readonly #others = new Map<string, Summary>();
  #sorted: Summary[] | null = null;

  /** The most recently changed first. The same array until something changes. */
  all(): Summary[] {
    this.#sorted ??= [...this.#entries.values()].sort((a, b) => compare(b.updated_at, a.updated_at) || compare(b.id, a.id));
    return this.#sorted;
  }

  get(id: string): Summary | null {
    return this.#entries.get(id) ?? this.#others.get(id) ?? null;
  }

  replaceAll(conversations: Summary[]): void {
    this.#entries.clear();
    this.#sorted = null;
    for (const conversation of conversations) this.#entries.set(conversation.id, conversation);
  }

  upsert(next: Summary, me: PersonId | null): void {
    const known = this.#entries.get(next.id);
    if (known && known.last_seq > next.last_seq) return;
    this.#others.delete(next.id);
    this.#put(known ? keepCursors(next, known, me) : next);
  }

  /** Takes over what is newer, without adding to the list what is not in it. */
  refresh(next: Summary, me: PersonId | null): void {
    if (this.#entries.has(next.id)) this.upsert(next, me);
    else this.#others.set(next.id, next);
  }

  remove(id: string): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    this.#entries.delete(id);
    this.#others.set(id, entry);
    this.#sorted = null;
  }

  /** Carries a conversation's own event over into its entry. */
  applyEvent(event: Event, me: PersonId | null): void {
    const id = conversationOf(event.stream);
    const entry = id === null ? null : this.get(id);
    if (!entry || event.seq <= entry.last_seq) return;
    this.#put({ ...entry, ...changeBy(event, entry, me), last_seq: event.seq, updated_at: event.at });
  }

  applySignal(signal: Signal, me: PersonId | null): void {
    if (signal.seq === undefined) return;
    if (signal.kind === "read" && signal.person.id === me) this.markRead(signal.conversation, me, signal.seq);
    else if (signal.kind === "read" || signal.kind === "delivered") this.#mark(signal.conversation, signal.person.id, signal.kind, signal.seq);
  }

  /** The own mark, shown before the server confirms it: it can only move forward. */
  markRead(id: string, me: PersonId, seq: number): void {
    this.#mark(id, me, "read", seq);
    const entry = this.get(id);
    if (entry && entry.unread > 0 && seq >= (entry.last_message?.seq ?? 0)) this.#put({ ...entry, unread: 0 });
  }

  #mark(id: string, person: PersonId, kind: "read" | "delivered", seq: number): void {
    const entry = this.get(id);
    if (!entry) return;
    const cursor = entry.cursors[person] ?? { delivered: 0, read: 0 };
    const next: Cursor = {
      delivered: Math.max(cursor.delivered, seq),
      read: kind === "read" ? Math.max(cursor.read, seq) : cursor.read,
    };
    if (next.delivered === cursor.delivered && next.read === cursor.read) return;
    this.#put({ ...entry, cursors: { ...entry.cursors, [person]: next } });
  }

  #put(entry: Summary): void {
    if (this.#others.has(entry.id) && !this.#entries.has(entry.id)) {
      this.#others.set(entry.id, entry);
      return;
    }
    this.#entries.set(entry.id, entry);
    this.#sorted = null;
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function keepCursors(next: Summary, known: Summary, me: PersonId | null): Summary {
  const cursors = { ...next.cursors };
  for (const [person, cursor] of Object.entries(known.cursors)) {
    const other = cursors[person];
    cursors[person] = other ? { delivered: Math.max(other.delivered, cursor.delivered), read: Math.max(other.read, cursor.read) } : cursor;
  }
  const readAll = me !== null && (cursors[me]?.read ?? 0) >= (next.last_message?.seq ?? Infinity);
  return { ...next, cursors, unread: readAll ? 0 : next.unread };
}

function changeBy(event: Event, entry: Summary, me: PersonId | null): Partial<Summary> {
  switch (event.kind) {
    case "message":
      return {
        last_message: { seq: event.seq, at: event.at, author: event.author, body: [...event.body].slice(0, PREVIEW).join("") },
        unread: event.author.id === me ? entry.unread : entry.unread + 1,
      };
    case "claimed":
      return { status: "claimed", manager: event.manager };
    case "released":
      return { status: "waiting", manager: null };
    case "transferred":
      return { status: "claimed", manager: event.to };
    case "resolved":
      return { status: "resolved" };
    case "reopened":
      return { status: entry.manager ? "claimed" : "waiting" };
    default:
      return {};
  }
}

/** Everybody's furthest read mark but one's own: what "read" under one's own message means. */
export function readByOthers(summary: Summary, me: Person | null): number {
  let furthest = 0;
  for (const [person, cursor] of Object.entries(summary.cursors)) if (person !== me?.id) furthest = Math.max(furthest, cursor.read);
  return furthest;
}
