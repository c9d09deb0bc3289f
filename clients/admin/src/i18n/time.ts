import { useLocale } from "ra-core";
import { useEffect, useMemo, useState } from "react";

type Translate = (key: string, options?: Record<string, unknown>) => string;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Times in the reader's language and time zone. */
export interface TimeFormats {
  /** 14:05 */
  clock: (at: string) => string;
  /** 3 March, with the year if it is not this one. */
  day: (at: string) => string;
  /** 3 March 2026 at 14:05 */
  full: (at: string) => string;
  /** The clock today, the date before. */
  short: (at: string) => string;
  /** The reader's calendar day, for comparing. */
  dayKey: (at: string) => string;
}

export function createTimeFormats(locale: string, now: () => Date): TimeFormats {
  const clock = new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit" });
  const day = new Intl.DateTimeFormat(locale, { day: "numeric", month: "long" });
  const dayOfYear = new Intl.DateTimeFormat(locale, { day: "numeric", month: "long", year: "numeric" });
  const short = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short" });
  const full = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeStyle: "short" });
  const dayKey = (date: Date) => `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`;
  return {
    clock: (at) => clock.format(new Date(at)),
    day: (at) => (new Date(at).getFullYear() === now().getFullYear() ? day : dayOfYear).format(new Date(at)),
    full: (at) => full.format(new Date(at)),
    short: (at) => (dayKey(new Date(at)) === dayKey(now()) ? clock : short).format(new Date(at)),
    dayKey: (at) => dayKey(new Date(at)),
  };
}

export function useTimeFormats(): TimeFormats {
  const locale = useLocale();
  return useMemo(() => createTimeFormats(regional(locale), () => new Date()), [locale]);
}

/** The reader's own variety of a language: en-GB has another clock than en-US. */
function regional(language: string): string {
  return navigator.languages.find((tag) => tag.split("-")[0] === language) ?? language;
}

/** How long something lasts, in one unit: "now", "4 min", "3 h", "2 d". */
export function formatDuration(ms: number, translate: Translate): string {
  if (ms < MINUTE_MS) return translate("otvet.time.now");
  if (ms < HOUR_MS) return translate("otvet.time.minutes", { n: Math.floor(ms / MINUTE_MS) });
  if (ms < DAY_MS) return translate("otvet.time.hours", { n: Math.floor(ms / HOUR_MS) });
  return translate("otvet.time.days", { n: Math.floor(ms / DAY_MS) });
}

/** The time of now in milliseconds since 1970; it moves on every half minute, and what uses it is drawn again. */
export function useNow(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), MINUTE_MS / 2);
    return () => clearInterval(timer);
  }, []);
  return now;
}
