import type { Language } from "./index.js";

const formats = new Map<string, Intl.DateTimeFormat>();

/** Formats are costly to make, and a thread needs one for every row. */
function format(language: Language, name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${language} ${name}`;
  const known = formats.get(key) ?? new Intl.DateTimeFormat(regional(language), options);
  formats.set(key, known);
  return known;
}

/** The reader's own variety of a language: en-GB has another clock than en-US. */
function regional(language: Language): string {
  return (globalThis.navigator?.languages ?? []).find((tag) => tag.split("-")[0] === language) ?? language;
}

export function clock(at: string | number, language: Language): string {
  return format(language, "clock", { hour: "numeric", minute: "2-digit" }).format(new Date(at));
}

/** `relative` are the words for today and yesterday. */
export function day(at: string | number, language: Language, now: number, relative: { today: string; yesterday: string }): string {
  const date = new Date(at);
  const age = dayNumber(new Date(now)) - dayNumber(date);
  if (age === 0) return relative.today;
  if (age === 1) return relative.yesterday;
  const sameYear = date.getFullYear() === new Date(now).getFullYear();
  return format(language, `day ${sameYear}`, { day: "numeric", month: "long", ...(sameYear ? {} : { year: "numeric" }) }).format(date);
}

/** As short as a list needs: the time today, else the date. */
export function brief(at: string, language: Language, now: number): string {
  if (dayNumber(new Date(at)) === dayNumber(new Date(now))) return clock(at, language);
  return format(language, "brief", { day: "numeric", month: "short" }).format(new Date(at));
}

/** Days since 1970 in the device's own time zone. */
export function dayNumber(date: Date): number {
  return Math.floor((date.getTime() - date.getTimezoneOffset() * 60_000) / 86_400_000);
}
