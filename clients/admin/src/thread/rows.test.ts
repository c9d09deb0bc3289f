import type { Event, Person, QueuedMessage } from "@otvet/sdk";
import { describe, expect, it } from "vitest";
import { ANNA, at, VISITOR } from "../testing";
import { toRows } from "./rows";

const dayOf = (time: string) => time.slice(0, 10);
const base = { type: "event", stream: "conversation/a" } as const;

function message(seq: number, author: Person, clock: string, kind: "message" | "note" = "message"): Event {
  const common = { ...base, seq, at: at(clock), author, body: `m${seq}`, key: `k${seq}` };
  return kind === "message" ? { ...common, kind, attachments: [] } : { ...common, kind };
}

function queued(key: string, command: "send" | "note" = "send"): QueuedMessage {
  return { key, owner: ANNA.id, order: 1, createdAt: 0, command, conversation: "a", body: key, state: "queued" };
}

describe("rows of a thread", () => {
  it("begin each day with a separator and keep the order of seq", () => {
    const later: Event = { ...message(3, VISITOR, "00:01"), at: "2026-03-02T00:01:00.000Z" };
    const rows = toRows([message(1, VISITOR, "23:00"), message(2, VISITOR, "23:01"), later], [], ANNA.id, dayOf);
    expect(rows.map(({ key }) => key)).toEqual(["day-2026-03-01", "seq-1", "seq-2", "day-2026-03-02", "seq-3"]);
  });

  it("leave out what is hidden, and draw the rest of the life of a conversation", () => {
    const events: Event[] = [
      { ...base, seq: 1, at: at("10:00"), kind: "opened", subject: null, visitor: VISITOR },
      { ...base, seq: 2, at: at("10:00"), kind: "hidden" },
      { ...base, seq: 3, at: at("10:00"), kind: "claimed", manager: ANNA },
    ];
    expect(toRows(events, [], ANNA.id, dayOf).map(({ type }) => type)).toEqual(["day", "system", "system"]);
  });

  it("name an author once in a run, which a pause, a note or another author ends", () => {
    const events = [
      message(1, VISITOR, "10:00"), message(2, VISITOR, "10:04"), message(3, VISITOR, "10:10"),
      message(4, ANNA, "10:10"), message(5, ANNA, "10:10", "note"),
    ];
    const firsts = toRows(events, [], ANNA.id, dayOf).flatMap((row) => (row.type === "message" ? [row.first] : []));
    expect(firsts).toEqual([true, false, true, true, true]);
  });

  it("show a message of mine once: pending until its event is there", () => {
    const rows = toRows([message(1, ANNA, "10:00")], [queued("k1"), queued("k2")], ANNA.id, dayOf);
    expect(rows.map(({ key }) => key)).toEqual(["day-2026-03-01", "key-k1", "key-k2"]);
  });

  it("give ten thousand messages a key of their own each", () => {
    const events = Array.from({ length: 10_000 }, (_, index) => message(index + 1, index % 3 ? ANNA : VISITOR, "10:00"));
    const rows = toRows(events, [], ANNA.id, dayOf);
    expect(rows).toHaveLength(10_001);
    expect(new Set(rows.map(({ key }) => key)).size).toBe(10_001);
  });
});
