import type { ConversationId, PersonId, Signal, Summary } from "@otvet/sdk";
import { belongsTo, compareIn, compareTimes, sortKey, viewKey, type Tab, type View } from "./tabs";

/** How many waiting, and how many of one's own, the server lists on connecting. */
const SNAPSHOT_SIZE = 50;

/** One view as far as it has been read by REST. */
export interface LoadedView {
  ids: ReadonlySet<ConversationId>;
  /** Cursor of the next page; null when all of it is here. */
  next: string | null;
  /** Sort key of the last row that was read. What sorts after it is not shown before its page is. */
  edge: string | null;
}

/** All conversations that this tab knows, and how far each view has been read. */
export interface InboxState {
  me: PersonId;
  records: Readonly<Record<ConversationId, Summary>>;
  /** Told by the inbox stream to neither wait nor be mine, while the record may still say otherwise. */
  gone: ReadonlySet<ConversationId>;
  views: Readonly<Record<string, LoadedView>>;
  /** Grows whenever what REST said may be outdated: views are then read again. */
  generation: number;
}

export type InboxAction =
  | { type: "loaded"; view: View; page: readonly Summary[]; next: string | null; append: boolean }
  | { type: "upserted"; record: Summary }
  | { type: "removed"; id: ConversationId }
  | { type: "missing"; id: ConversationId }
  | { type: "synced"; records: readonly Summary[] }
  | { type: "signalled"; signal: Signal };

export function emptyInbox(me: PersonId): InboxState {
  return { me, records: {}, gone: new Set(), views: {}, generation: 0 };
}

export function inboxReducer(state: InboxState, action: InboxAction): InboxState {
  switch (action.type) {
    case "loaded":
      return withPage(state, action.view, action.page, action.next, action.append);
    case "upserted":
      return withRecords(state, [action.record]);
    case "removed":
      return { ...state, gone: new Set(state.gone).add(action.id) };
    case "missing":
      return without(state, new Set([action.id]));
    case "synced":
      return { ...withSnapshot(state, action.records), generation: state.generation + 1 };
    case "signalled":
      return withCursor(state, action.signal);
  }
}

/** The rows of a view in their order. */
export function rowsOf(state: InboxState, view: View): Summary[] {
  const loaded = state.views[viewKey(view)];
  const compare = compareIn(view.tab);
  return Object.values(state.records)
    .filter((record) => isIn(state, view.tab, record) && isReached(loaded, view, record))
    .sort(compare);
}

/** How many conversations of a tab are known; `more` when the server has others that were not read yet. */
export function countOf(state: InboxState, tab: Tab): { count: number; more: boolean } {
  const count = Object.values(state.records).filter((record) => isIn(state, tab, record)).length;
  return { count, more: (state.views[viewKey({ tab, q: "" })]?.next ?? null) !== null };
}

/** Conversations of mine with something unread. */
export function unreadOfMine(state: InboxState): number {
  return Object.values(state.records).filter((record) => record.unread > 0 && isIn(state, "mine", record)).length;
}

/** Whether `next` is at least as new as what is known; an older REST answer must not undo a live change. */
export function isNewer(known: Summary | undefined, next: Summary): boolean {
  if (known === undefined) return true;
  if (next.last_seq !== known.last_seq) return next.last_seq > known.last_seq;
  return compareTimes(next.updated_at, known.updated_at) >= 0;
}

function isIn(state: InboxState, tab: Tab, record: Summary): boolean {
  const leftInbox = (tab === "waiting" || tab === "mine") && state.gone.has(record.id);
  return !leftInbox && belongsTo(tab, record, state.me);
}

function isReached(loaded: LoadedView | undefined, view: View, record: Summary): boolean {
  if (loaded?.ids.has(record.id) === true) return true;
  // What matches the words only the server can tell.
  if (view.q !== "") return false;
  if (loaded === undefined || loaded.next === null || loaded.edge === null) return true;
  const distance = compareTimes(sortKey(view.tab, record), loaded.edge);
  return view.tab === "waiting" ? distance <= 0 : distance >= 0;
}

function withRecords(state: InboxState, records: readonly Summary[]): InboxState {
  const next = { ...state.records };
  const gone = new Set(state.gone);
  for (const record of records) {
    if (!isNewer(next[record.id], record)) continue;
    next[record.id] = record;
    gone.delete(record.id);
  }
  return { ...state, records: next, gone };
}

/**
 * What the server lists on connecting: all that waits and all that is mine, {@link SNAPSHOT_SIZE} of each at most.
 * A record that should be among them and is not has left the inbox while this tab was away.
 */
function withSnapshot(state: InboxState, records: readonly Summary[]): InboxState {
  const next = withRecords(state, records);
  const listed = new Set(records.map(({ id }) => id));
  const gone = new Set(next.gone);
  for (const tab of ["waiting", "mine"] as const) {
    const compare = compareIn(tab);
    const rows = records.filter((record) => belongsTo(tab, record, state.me)).sort(compare);
    const last = rows.length < SNAPSHOT_SIZE ? undefined : rows.at(-1);
    for (const record of Object.values(state.records)) {
      const expected = isIn(state, tab, record) && (last === undefined || compare(record, last) <= 0);
      if (expected && !listed.has(record.id)) gone.add(record.id);
    }
  }
  return { ...next, gone };
}

function withPage(state: InboxState, view: View, page: readonly Summary[], next: string | null, append: boolean): InboxState {
  const key = viewKey(view);
  const before = append ? state.views[key] : undefined;
  const ids = new Set([...(before?.ids ?? []), ...page.map(({ id }) => id)]);
  const last = page.at(-1);
  const edge = last === undefined ? (before?.edge ?? null) : sortKey(view.tab, last);
  const loaded: LoadedView = { ids, next, edge };
  const merged = withRecords(state, page);
  return { ...merged, views: { ...merged.views, [key]: loaded } };
}

function without(state: InboxState, ids: ReadonlySet<ConversationId>): InboxState {
  const records = Object.fromEntries(Object.entries(state.records).filter(([id]) => !ids.has(id)));
  return { ...state, records };
}

function withCursor(state: InboxState, signal: Signal): InboxState {
  const { conversation, person, seq, kind } = signal;
  const record = conversation === undefined ? undefined : state.records[conversation];
  if (record === undefined || seq === undefined || (kind !== "read" && kind !== "delivered")) return state;
  const known = record.cursors[person.id] ?? { delivered: 0, read: 0 };
  const cursor = {
    delivered: Math.max(known.delivered, seq),
    read: kind === "read" ? Math.max(known.read, seq) : known.read,
  };
  const readAll = person.id === state.me && cursor.read >= record.last_seq;
  const changed: Summary = {
    ...record,
    unread: readAll ? 0 : record.unread,
    cursors: { ...record.cursors, [person.id]: cursor },
  };
  return { ...state, records: { ...state.records, [record.id]: changed } };
}
