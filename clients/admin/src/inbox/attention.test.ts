import { describe, expect, it } from "vitest";
import { ANNA, at, BORIS, conversation, VISITOR } from "../testing";
import { attentionOf } from "./attention";

const said = (seq: number, author = VISITOR) => ({ last_message: { seq, at: at("10:00"), author, body: "…" } });

describe("attention", () => {
  it("a new question, and one that came back to the queue", () => {
    expect(attentionOf(undefined, conversation("a"), ANNA.id)).toBe("question");
    expect(attentionOf(conversation("a", { status: "resolved" }), conversation("a"), ANNA.id)).toBe("question");
  });

  it("a visitor's new message in my conversation, once", () => {
    const mine = { status: "claimed", manager: ANNA } as const;
    const before = conversation("a", { ...mine, ...said(2) });
    const now = conversation("a", { ...mine, ...said(3) });
    expect(attentionOf(before, now, ANNA.id)).toBe("message");
    expect(attentionOf(now, now, ANNA.id)).toBeNull();
  });

  it("nothing for what I returned to the queue myself", () => {
    expect(attentionOf(conversation("a", { status: "claimed", manager: ANNA }), conversation("a"), ANNA.id)).toBeNull();
    expect(attentionOf(conversation("a", { status: "claimed", manager: BORIS }), conversation("a"), ANNA.id)).toBe("question");
  });

  it("nothing for my own words, nor for what another manager handles", () => {
    expect(attentionOf(conversation("a", { status: "claimed", manager: ANNA }), conversation("a", { status: "claimed", manager: ANNA, ...said(4, ANNA) }), ANNA.id)).toBeNull();
    expect(attentionOf(conversation("a"), conversation("a", { status: "claimed", manager: BORIS, ...said(4) }), ANNA.id)).toBeNull();
  });
});
