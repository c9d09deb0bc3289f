import type { en } from "./en.js";

export type Language = "ru" | "en";
export type Texts = typeof en;

/** Only the language in use is loaded. */
export async function loadTexts(language: Language): Promise<Texts> {
  return language === "ru" ? (await import("./ru.js")).ru : (await import("./en.js")).en;
}
