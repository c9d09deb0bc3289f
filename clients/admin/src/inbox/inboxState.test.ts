import type { Summary } from "@otvet/sdk";
import { describe, expect, it } from "vitest";
import { ANNA, at, BORIS, conversation } from "../testing";
import { countOf, emptyInbox, inboxReducer, isNewer, rowsOf, unreadOfMine, type InboxAction, type InboxState } from "./inboxState";
import type { View } from "./tabs";

const WAITING: View = { tab: "waiting", q: "" };
const MINE: View = { tab: "mine", q: "" };
const ALL: View = { tab: "all", q: "" };

function after(...actions: InboxAction[]): InboxState {
  return actions.reduce(inboxReducer, emptyInbox(ANNA.id));
}

function upserted(record: Summary): InboxAction {
  return { type: "upserted", record };
}

function idsOf(state: InboxState, view: View): string[] {
  return rowsOf(state, view).map(({ id }) => id);
}

describe("the order of a list", () => {
  it("puts who waits longest first, whatever order they came in", () => {
    const state = after(
      upserted(conversation("b", { opened_at: at("10:30"), updated_at: at("12:00") })),
      upserted(conversation("c", { opened_at: at("11:00"), updated_at: at("11:00") })),
      upserted(conversation("a", { opened_at: at("09:00"), updated_at: at("13:00") })),
    );
    expect(idsOf(state, WAITING)).toEqual(["a", "b", "c"]);
  });

  it("puts what changed last first everywhere else", () => {
    const state = after(
      upserted(conversation("old", { updated_at: at("10:01") })),
      upserted(conversation("new", { updated_at: at("10:09") })),
    );
    expect(idsOf(state, ALL)).toEqual(["new", "old"]);
  });
});

describe("live changes", () => {
  it("move a claimed conversation from waiting to mine", () => {
    const state = after(upserted(conversation("a")), upserted(conversation("a", { status: "claimed", manager: ANNA, last_seq: 3 })));
    expect(idsOf(state, WAITING)).toEqual([]);
    expect(idsOf(state, MINE)).toEqual(["a"]);
  });

  it("take what another manager claimed out of waiting, and keep it in all", () => {
    const state = after(upserted(conversation("a")), { type: "removed", id: "a" });
    expect(idsOf(state, WAITING)).toEqual([]);
    expect(idsOf(state, ALL)).toEqual(["a"]);
    expect(countOf(state, "waiting").count).toBe(0);
  });

  it("bring a removed conversation back when it waits again", () => {
    const state = after(upserted(conversation("a")), { type: "removed", id: "a" }, upserted(conversation("a", { last_seq: 5 })));
    expect(idsOf(state, WAITING)).toEqual(["a"]);
  });

  it("are not undone by an older answer of REST", () => {
    const claimed = conversation("a", { status: "claimed", manager: BORIS, last_seq: 4 });
    const state = after(upserted(claimed), { type: "loaded", view: WAITING, page: [conversation("a")], next: null, append: false });
    expect(state.records["a"]).toEqual(claimed);
    expect(isNewer(claimed, conversation("a", { last_seq: 4, updated_at: at("09:59") }))).toBe(false);
  });
});

describe("pages", () => {
  const first = { type: "loaded", view: WAITING, page: [conversation("a", { opened_at: at("09:00") }), conversation("b", { opened_at: at("09:10") })], next: "p2", append: false } as const;

  it("hide what lies behind the last one that was read, so that no row jumps in later", () => {
    const state = after(first, upserted(conversation("late", { opened_at: at("12:00") })), upserted(conversation("early", { opened_at: at("09:05") })));
    expect(idsOf(state, WAITING)).toEqual(["a", "early", "b"]);
    expect(countOf(state, "waiting")).toEqual({ count: 4, more: true });
  });

  it("show everything once the last one was read", () => {
    const state = after(first, upserted(conversation("late", { opened_at: at("12:00") })), {
      type: "loaded", view: WAITING, page: [conversation("c", { opened_at: at("11:00") })], next: null, append: true,
    });
    expect(idsOf(state, WAITING)).toEqual(["a", "b", "c", "late"]);
    expect(countOf(state, "waiting").more).toBe(false);
  });

  it("of a search show only what the server found", () => {
    const found: View = { tab: "all", q: "invoice" };
    const state = after(upserted(conversation("other")), { type: "loaded", view: found, page: [conversation("hit")], next: null, append: false });
    expect(idsOf(state, found)).toEqual(["hit"]);
  });
});

describe("a connection that comes back", () => {
  it("takes out of the inbox what the server no longer lists, and has views read again", () => {
    const before = after(upserted(conversation("gone")), upserted(conversation("stays")));
    const state = inboxReducer(before, { type: "synced", records: [conversation("stays")] });
    expect(idsOf(state, WAITING)).toEqual(["stays"]);
    expect(state.generation).toBe(before.generation + 1);
  });

  it("keeps what lies beyond the fifty that the server lists", () => {
    const listed = Array.from({ length: 50 }, (_, index) => conversation(`w${index}`, { opened_at: at("09:00") }));
    const before = after(upserted(conversation("beyond", { opened_at: at("11:00") })));
    const state = inboxReducer(before, { type: "synced", records: listed });
    expect(idsOf(state, WAITING)).toContain("beyond");
  });
});

describe("unread", () => {
  const unread = conversation("a", { status: "claimed", manager: ANNA, unread: 2, last_seq: 7 });

  it("is cleared by my own mark at the end, not by one before it", () => {
    const signal = { type: "signal", kind: "read", conversation: "a", person: ANNA } as const;
    const partly = after(upserted(unread), { type: "signalled", signal: { ...signal, seq: 5 } });
    expect(unreadOfMine(partly)).toBe(1);
    const wholly = inboxReducer(partly, { type: "signalled", signal: { ...signal, seq: 7 } });
    expect(unreadOfMine(wholly)).toBe(0);
  });

  it("marks of the visitor move forward only", () => {
    const signal = { type: "signal", kind: "read", conversation: "a", person: unread.visitor } as const;
    const state = after(upserted(unread), { type: "signalled", signal: { ...signal, seq: 6 } }, { type: "signalled", signal: { ...signal, seq: 3 } });
    expect(state.records["a"]?.cursors[unread.visitor.id]).toEqual({ delivered: 6, read: 6 });
    expect(state.records["a"]?.unread).toBe(2);
  });
});
