import { describe, expect, it } from "vitest";
import { english } from "./en";
import { createI18nProvider, startingLocale } from "./i18nProvider";
import { russian } from "./ru";
import { createTimeFormats, formatDuration } from "./time";

function flat(messages: object, path = ""): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(messages)) {
    if (typeof value === "string") found.set(path + key, value);
    else for (const [inner, text] of flat(value as object, `${path}${key}.`)) found.set(inner, text);
  }
  return found;
}

const placeholders = (text: string) => [...new Set(text.match(/%\{\w+\}/g) ?? [])].sort();
const forms = (text: string) => text.split("||||").length;

describe("Russian and English", () => {
  const en = flat(english);
  const ru = flat(russian);

  it("have the same keys", () => {
    expect([...ru.keys()].sort()).toEqual([...en.keys()].sort());
  });

  it.each([...en.keys()])("%s takes the same words and has its plural forms", (key) => {
    const [inEnglish, inRussian] = [en.get(key) ?? "", ru.get(key) ?? ""];
    expect(placeholders(inRussian)).toEqual(placeholders(inEnglish));
    if (inEnglish.includes("%{smart_count}")) expect([forms(inEnglish), forms(inRussian)]).toEqual([2, 3]);
    expect(inRussian.trim()).not.toBe("");
  });

  it("count in Russian as Russians do", () => {
    const { translate } = createI18nProvider("ru");
    const counted = [1, 2, 5, 11, 21].map((smart_count) => translate("otvet.inbox.unread", { smart_count }));
    expect(counted).toEqual([
      "1 непрочитанное сообщение", "2 непрочитанных сообщения", "5 непрочитанных сообщений", "11 непрочитанных сообщений", "21 непрочитанное сообщение",
    ]);
  });

  it("fall back to English where React Admin's Russian lacks a message", () => {
    expect(createI18nProvider("ru").translate("ra.action.bulk_actions", { smart_count: 2 })).not.toBe("ra.action.bulk_actions");
  });
});

describe("the language to start in", () => {
  it("is the chosen one, else the browser's first that we have, else English", () => {
    expect(startingLocale("ru", ["en-US"])).toBe("ru");
    expect(startingLocale(undefined, ["de-DE", "ru-RU", "en"])).toBe("ru");
    expect(startingLocale("xx", ["de"])).toBe("en");
    expect(startingLocale("constructor", [])).toBe("en");
  });
});

describe("times", () => {
  it("show durations in one unit, rounded down", () => {
    const { translate } = createI18nProvider("en");
    const shown = [59_999, 60_000, 3_599_999, 3_600_000, 172_800_000].map((ms) => formatDuration(ms, translate));
    expect(shown).toEqual(["now", "1 min", "59 min", "1 h", "2 d"]);
  });

  it("name the year only if it is another one", () => {
    const formats = createTimeFormats("en-GB", () => new Date(2026, 2, 1));
    expect(formats.day(new Date(2026, 0, 5).toISOString())).toBe("5 January");
    expect(formats.day(new Date(2025, 0, 5).toISOString())).toBe("5 January 2025");
  });
});
