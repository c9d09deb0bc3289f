import type { Event, Person, QueuedItem } from "@otvet/sdk";
import type { IconName } from "../ui/icons.js";
import { day, dayNumber } from "../i18n/dates.js";
import type { Language, Texts } from "../i18n/index.js";
import { isOwn } from "./own.js";

export type Delivery = "queued" | "sending" | "sent" | "read" | "refused";

export type Row =
  | { type: "day"; key: string; text: string }
  | { type: "system"; key: string; icon: IconName; text: string; at: string }
  | {
      type: "message"; key: string; seq: number | null; author: Person; body: string; at: string | number; isOwn: boolean;
      /** The first and the last of a run by one author. */
      opensRun: boolean; closesRun: boolean;
      /** Of one's own messages. */
      delivery: Delivery | null; item: QueuedItem | null;
    };

type MessageRow = Extract<Row, { type: "message" }>;

export interface RowsInput {
  events: readonly Event[];
  pending: readonly QueuedItem[];
  me: Person | null;
  /** The furthest number that somebody else has read. */
  readUpTo: number;
  language: Language;
  texts: Texts;
  now: number;
}

/** How the keys of days begin. */
export const DAY_KEY = "day ";
/** Milliseconds after which the same author starts a new run. */
const RUN_GAP = 5 * 60_000;

/** What a thread shows, top to bottom: days, messages in runs, and what happened to the conversation. */
export function rows(input: RowsInput): Row[] {
  const all: Row[] = [];
  let lastDay = -1;
  const separate = (at: string | number) => {
    const number = dayNumber(new Date(at));
    if (number !== lastDay) all.push({ type: "day", key: `${DAY_KEY}${number}`, text: day(at, input.language, input.now, input.texts) });
    lastDay = number;
  };
  for (const event of input.events) {
    const row = eventRow(event, input);
    if (!row) continue;
    separate(event.at);
    all.push(row);
  }
  for (const item of input.pending) {
    separate(item.createdAt);
    all.push(pendingRow(item, input.me));
  }
  markRuns(all);
  return all;
}

function eventRow(event: Event, { me, readUpTo, texts: t }: RowsInput): Row | null {
  const system = (icon: IconName, text: string): Row => ({ type: "system", key: `s${event.seq}`, icon, text, at: event.at });
  switch (event.kind) {
    case "message": {
      const own = isOwn(event.author, me);
      return {
        type: "message", key: own ? event.key : `m${event.seq}`, seq: event.seq, author: event.author, body: event.body, at: event.at, isOwn: own,
        opensRun: true, closesRun: true, delivery: own ? (event.seq <= readUpTo ? "read" : "sent") : null, item: null,
      };
    }
    case "opened":
      return system("plus", t.opened);
    case "claimed":
      return system("user", t.claimed(event.manager.name));
    case "released":
      return system("clock", t.released);
    case "transferred":
      return system("swap", t.transferred(event.to.name));
    case "resolved":
      return system("done", t.resolved);
    case "reopened":
      return system("reopen", t.reopened);
    default:
      return null;
  }
}

function pendingRow(item: QueuedItem, me: Person | null): MessageRow {
  return {
    type: "message", key: item.key, seq: null, author: me ?? { id: item.owner, role: "visitor", name: "" }, body: item.body, at: item.createdAt,
    isOwn: true, opensRun: true, closesRun: true, delivery: item.state, item,
  };
}

function markRuns(all: Row[]): void {
  let before: MessageRow | null = null;
  for (const row of all) {
    if (row.type === "message" && before && continues(before, row)) {
      before.closesRun = false;
      row.opensRun = false;
    }
    before = row.type === "message" ? row : null;
  }
}

function continues(before: MessageRow, row: MessageRow): boolean {
  return before.isOwn === row.isOwn && (row.isOwn || before.author.id === row.author.id) && new Date(row.at).getTime() - new Date(before.at).getTime() < RUN_GAP;
}
