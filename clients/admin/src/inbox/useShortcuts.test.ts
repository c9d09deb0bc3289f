import { describe, expect, it } from "vitest";
import { shortcutOf } from "./useShortcuts";

const plain = { ctrlKey: false, metaKey: false, altKey: false };

describe("shortcuts", () => {
  it("work by the place of the key, so a Cyrillic layout has them too", () => {
    expect(shortcutOf({ ...plain, key: "j", code: "KeyJ" })).toBe("next");
    expect(shortcutOf({ ...plain, key: "о", code: "KeyJ" })).toBe("next");
    expect(shortcutOf({ ...plain, key: "с", code: "KeyC" })).toBe("claim");
  });

  it("know ? from /, which share a key", () => {
    expect(shortcutOf({ ...plain, key: "?", code: "Slash" })).toBe("help");
    expect(shortcutOf({ ...plain, key: "/", code: "Slash" })).toBe("search");
  });

  it("leave the browser's own combinations alone", () => {
    expect(shortcutOf({ ...plain, ctrlKey: true, key: "r", code: "KeyR" })).toBeNull();
    expect(shortcutOf({ ...plain, metaKey: true, key: "c", code: "KeyC" })).toBeNull();
  });
});
