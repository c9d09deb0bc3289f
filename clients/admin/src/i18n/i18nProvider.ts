import { mergeTranslations, type I18nProvider, type Locale, type TranslationMessages } from "ra-core";
import polyglotI18nProvider from "ra-i18n-polyglot";
import raEnglish from "ra-language-english";
import raRussian from "ra-language-russian";
import { english } from "./en";
import { russian } from "./ru";

export const LOCALES: Locale[] = [
  { locale: "en", name: "English" },
  { locale: "ru", name: "Русский" },
];

type LocaleName = "en" | "ru";

/** Russian lies over English, so that a message React Admin has not translated yet is at least readable. */
const MESSAGES: Record<LocaleName, TranslationMessages> = {
  en: merged(raEnglish, english),
  ru: merged(raEnglish, raRussian, russian),
};

/** The language to start in: the one chosen before, else the browser's, else English. */
export function startingLocale(remembered: unknown, browser: readonly string[]): LocaleName {
  if (isLocale(remembered)) return remembered;
  return browser.map((tag) => tag.split("-")[0]).find(isLocale) ?? "en";
}

export function createI18nProvider(locale: LocaleName): I18nProvider {
  return polyglotI18nProvider((wanted) => MESSAGES[isLocale(wanted) ? wanted : "en"], locale, LOCALES);
}

function merged(...messages: object[]): TranslationMessages {
  return mergeTranslations(...messages) as TranslationMessages;
}

function isLocale(value: unknown): value is LocaleName {
  return typeof value === "string" && Object.hasOwn(MESSAGES, value);
}
