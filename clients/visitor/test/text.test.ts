import { describe, expect, it } from "vitest";
import { initials } from "../src/ui/avatar.js";
import { segments } from "../src/ui/text.js";

describe("links in messages", () => {
  it.each([
    ["see https://example.com/a?b=c#d, please", ["see ", { href: "https://example.com/a?b=c#d", text: "https://example.com/a?b=c#d" }, ", please"]],
    ["(https://example.com)", ["(", { href: "https://example.com/", text: "https://example.com" }, ")"]],
    ["https://ru.wikipedia.org/wiki/Ответ_(значения)", [{ href: new URL("https://ru.wikipedia.org/wiki/Ответ_(значения)").href, text: "https://ru.wikipedia.org/wiki/Ответ_(значения)" }]],
    ["HTTP://EXAMPLE.COM", [{ href: "http://example.com/", text: "HTTP://EXAMPLE.COM" }]],
    ["a\nhttps://one.example https://two.example!", ["a\n", { href: "https://one.example/", text: "https://one.example" }, " ", { href: "https://two.example/", text: "https://two.example" }, "!"]],
  ])("%s", (text, expected) => {
    expect(segments(text)).toEqual(expected);
  });

  it.each(["javascript:alert(1)", "data:text/html,x", "ftp://example.com", "//example.com", "https://", "xhttps://example.com", "<b>bold</b>", ""])(
    "%s stays text",
    (text) => {
      expect(segments(text)).toEqual(text === "" ? [] : [text]);
    },
  );

  it("loses no character of any text", () => {
    const text = "x https://a.example/«b» (see http://c.example/d_(e)), end… 🙂";
    expect(segments(text).map((part) => (typeof part === "string" ? part : part.text)).join("")).toBe(text);
  });
});

describe("initials", () => {
  it.each([["Анна", "А"], ["ольга петровна смирнова", "ОС"], ["", "?"], ["  ", "?"], ["🙂 smile", "🙂S"]])("of %j are %s", (name, expected) => {
    expect(initials(name)).toBe(expected);
  });
});
