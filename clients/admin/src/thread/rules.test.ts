import { describe, expect, it } from "vitest";
import { ANNA, BORIS, conversation } from "../testing";
import { actionsFor } from "./actionsFor";
import { composerRules } from "./composerRules";
import { splitLinks } from "./linked";

const anna = { id: ANNA.id, role: "manager" } as const;
const admin = { id: "u1", role: "admin" } as const;
const waiting = conversation("a");
const mine = conversation("a", { status: "claimed", manager: ANNA });
const his = conversation("a", { status: "claimed", manager: BORIS });
const resolved = conversation("a", { status: "resolved", manager: ANNA });
const resolvedByHim = conversation("a", { status: "resolved", manager: BORIS });

describe("actions", () => {
  it.each([
    ["waiting", waiting, anna, ["claim", "resolve"]],
    ["mine", mine, anna, ["resolve", "transfer", "release"]],
    ["another's", his, anna, ["takeOver"]],
    ["another's, to an administrator", his, admin, ["takeOver", "transfer", "release", "resolve"]],
    ["resolved by me", resolved, anna, ["reopen"]],
    ["resolved by another", resolvedByHim, anna, []],
  ] as const)("of a conversation that is %s", (_, summary, viewer, expected) => {
    expect(actionsFor(summary, viewer)).toEqual(expected);
  });
});

describe("the composer", () => {
  it.each([
    ["waiting", waiting, true, "claims"],
    ["mine", mine, true, undefined],
    ["another's", his, false, "held"],
    ["resolved by me", resolved, true, "reopens"],
    ["resolved by another", resolvedByHim, false, "resolved"],
  ] as const)("of a conversation that is %s", (_, summary, canReply, hint) => {
    const rules = composerRules(summary, ANNA.id);
    expect(rules.canReply).toBe(canReply);
    expect(rules.hint?.key).toBe(hint);
  });
});

describe("links in messages", () => {
  it("are http and https only, without the sentence's punctuation", () => {
    expect(splitLinks("See https://a.example/x?y=1, or (http://b.example).")).toEqual([
      { text: "See ", href: null },
      { text: "https://a.example/x?y=1", href: "https://a.example/x?y=1" },
      { text: ", or (", href: null },
      { text: "http://b.example", href: "http://b.example/" },
      { text: ").", href: null },
    ]);
  });

  it.each(["javascript:alert(1)", "data:text/html,x", "JaVaScRiPt://%0aalert(1)", "<img src=x onerror=alert(1)>"])("never %s", (text) => {
    expect(splitLinks(text)).toEqual([{ text, href: null }]);
  });
});
