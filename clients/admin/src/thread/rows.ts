import type { Event, PersonId, QueuedMessage } from "@otvet/sdk";

export type MessageEvent = Extract<Event, { kind: "message" | "note" }>;
export type SystemEvent = Extract<Event, { kind: "opened" | "claimed" | "released" | "transferred" | "resolved" | "reopened" }>;

/** One line of a thread as it is drawn. `key` is stable for the life of the line. */
export type Row =
  | { type: "day"; key: string; at: string }
  | { type: "system"; key: string; event: SystemEvent }
  /** `first`: the start of a run of one author's messages, which bears the name. */
  | { type: "message"; key: string; event: MessageEvent; first: boolean }
  | { type: "pending"; key: string; item: QueuedMessage; first: boolean };

/** A run of messages by one author ends after this silence, milliseconds. */
const RUN_BREAK_MS = 5 * 60_000;

/**
 * Lays a thread out in lines: a separator before each new day (by `dayOf`, the reader's calendar), runs of one
 * author's messages, and at the end what is still on its way out.
 */
export function toRows(events: readonly Event[], pending: readonly QueuedMessage[], me: PersonId, dayOf: (at: string) => string): Row[] {
  const rows: Row[] = [];
  const arrived = new Set<string>();
  let day = "";
  let run: MessageEvent | null = null;
  for (const event of events) {
    if (!isShown(event)) continue;
    const today = dayOf(event.at);
    if (today !== day) {
      rows.push({ type: "day", key: `day-${today}`, at: event.at });
      day = today;
      run = null;
    }
    if (event.kind === "message" || event.kind === "note") {
      arrived.add(event.key);
      // My own keeps the key that it had while it was pending: it turns into the event in its place.
      const key = event.author.id === me ? `key-${event.key}` : `seq-${event.seq}`;
      rows.push({ type: "message", key, event, first: run === null || !continues(run, event) });
      run = event;
    } else {
      rows.push({ type: "system", key: `seq-${event.seq}`, event });
      run = null;
    }
  }
  const waiting = pending.filter((item) => !arrived.has(item.key));
  let command = run?.author.id === me ? (run.kind === "note" ? "note" : "send") : null;
  for (const item of waiting) {
    rows.push({ type: "pending", key: `key-${item.key}`, item, first: item.command !== command });
    command = item.command === "note" ? "note" : "send";
  }
  return rows;
}

/** The newest sequence number of a message, for reading marks; 0 if there is none. */
export function newestSeq(events: readonly Event[]): number {
  return events.at(-1)?.seq ?? 0;
}

function isShown(event: Event): event is MessageEvent | SystemEvent {
  return event.kind !== "hidden" && event.kind !== "upsert" && event.kind !== "remove" && event.kind !== "signed_out";
}

function continues(before: MessageEvent, event: MessageEvent): boolean {
  return (
    before.kind === event.kind &&
    before.author.id === event.author.id &&
    Date.parse(event.at) - Date.parse(before.at) < RUN_BREAK_MS
  );
}
