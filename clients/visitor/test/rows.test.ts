import type { Event, EventBody, Person, QueuedItem } from "@otvet/sdk";
import { describe, expect, it } from "vitest";
import { en } from "../src/i18n/en.js";
import { ru } from "../src/i18n/ru.js";
import { rows, type RowsInput } from "../src/thread/rows.js";

const ME: Person = { id: "g1", role: "visitor", name: "Anna" };
const BORIS: Person = { id: "u2", role: "manager", name: "Boris" };
const OLGA: Person = { id: "u3", role: "manager", name: "Olga" };
const NOON = new Date(2026, 5, 15, 12).getTime();

function event(seq: number, body: EventBody, minutes = seq): Event {
  return { type: "event", stream: "conversation/c", seq, at: new Date(NOON + minutes * 60_000).toISOString(), ...body };
}

function message(seq: number, author: Person, minutes = seq): Event {
  return event(seq, { kind: "message", author, body: `m${seq}`, key: `k${seq}`, attachments: [] }, minutes);
}

function draw(input: Partial<RowsInput>) {
  return rows({ events: [], pending: [], me: ME, readUpTo: 0, language: "en", texts: en, now: NOON + 3_600_000, ...input });
}

describe("rows of a thread", () => {
  it("tells what happened, and nothing of what is hidden or a note", () => {
    const events = [
      event(1, { kind: "opened", subject: null, visitor: ME }), event(2, { kind: "hidden" }), event(3, { kind: "claimed", manager: BORIS }),
      event(4, { kind: "note", author: BORIS, body: "secret", key: "n" }), event(5, { kind: "transferred", from: BORIS, to: OLGA }),
      event(6, { kind: "released", manager: OLGA }), event(7, { kind: "resolved", by: OLGA }), event(8, { kind: "reopened", by: ME }),
    ];
    expect(draw({ events }).map((row) => ("text" in row ? row.text : row.type))).toEqual([
      "Today", "Question asked", "Boris is here to help", "Olga takes over", "Your question is back in the queue", "Marked as resolved", "Conversation reopened",
    ]);
  });

  it("parts days, in the words of the language", () => {
    const events = [message(1, ME, -60 * 48), message(2, ME, -60 * 24), message(3, ME, 0)];
    const days = (language: "ru" | "en") => draw({ events, language, texts: language === "ru" ? ru : en }).flatMap((row) => (row.type === "day" ? [row.text] : []));
    expect(days("en")).toEqual(["June 13", "Yesterday", "Today"]);
    expect(days("ru")).toEqual(["13 июня", "Вчера", "Сегодня"]);
  });

  it("joins messages of one author to runs, until somebody else speaks or time passes", () => {
    const events = [message(1, BORIS), message(2, BORIS), message(3, ME), message(4, BORIS), message(5, BORIS, 30)];
    const runs = draw({ events }).flatMap((row) => (row.type === "message" ? [[row.opensRun, row.closesRun]] : []));
    expect(runs).toEqual([[true, false], [false, true], [true, true], [true, true], [true, true]]);
  });

  it("shows how far one's own messages have come, and nothing on others'", () => {
    const item: QueuedItem = { key: "p", owner: "g1", order: 1, createdAt: NOON + 600_000, command: "send", conversation: "c", body: "later", state: "queued" };
    const pending = [item, { ...item, key: "q", state: "sending" as const }, { ...item, key: "r", state: "refused" as const }];
    const events = [message(1, ME), message(2, BORIS), message(3, ME)];
    const deliveries = draw({ events, pending, readUpTo: 2 }).flatMap((row) => (row.type === "message" ? [row.delivery] : []));
    expect(deliveries).toEqual(["read", null, "sent", "queued", "sending", "refused"]);
  });

  it("keeps a message's key from queue to event, so that it does not blink", () => {
    const item: QueuedItem = { key: "k1", owner: "g1", order: 1, createdAt: NOON, command: "send", conversation: "c", body: "m1", state: "sending" };
    const before = draw({ pending: [item] }).map((row) => row.key);
    const after = draw({ events: [message(1, ME)] }).map((row) => row.key);
    expect(after).toEqual(before);
  });

  it("counts what a guest wrote before registering as one's own", () => {
    const account: Person = { id: "u9", role: "visitor", name: "Anna" };
    expect(draw({ events: [message(1, ME)], me: account })).toMatchObject([{ type: "day" }, { type: "message", isOwn: true }]);
  });
});
