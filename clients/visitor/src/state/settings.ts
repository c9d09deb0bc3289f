import { type Language, loadTexts, type Texts } from "../i18n/index.js";
import { Observable } from "./observable.js";
import { readLocal, writeLocal } from "./local.js";

export type Theme = "auto" | "light" | "dark";

/** Language and colours: the device's own until the person chooses. */
export class Settings extends Observable {
  #language: Language;
  #theme: Theme;
  #texts: Texts;
  readonly #host: HTMLElement;

  private constructor(host: HTMLElement, language: Language, texts: Texts) {
    super();
    this.#host = host;
    this.#language = language;
    this.#texts = texts;
    const theme = readLocal("theme");
    this.#theme = theme === "light" || theme === "dark" ? theme : "auto";
    this.#show();
  }

  static async load(host: HTMLElement): Promise<Settings> {
    const language = chosenLanguage();
    return new Settings(host, language, await loadTexts(language));
  }

  get language(): Language {
    return this.#language;
  }

  /** Rejects, and changes nothing, when the words cannot be fetched. */
  async choose(language: Language): Promise<void> {
    this.#texts = await loadTexts(language);
    this.#language = language;
    writeLocal("language", language);
    this.#show();
    this.changed();
  }

  get theme(): Theme {
    return this.#theme;
  }

  set theme(theme: Theme) {
    this.#theme = theme;
    writeLocal("theme", theme === "auto" ? null : theme);
    this.#show();
    this.changed();
  }

  get texts(): Texts {
    return this.#texts;
  }

  #show(): void {
    this.#host.lang = this.#language;
    this.#host.dataset["theme"] = this.#theme;
    if (this.#host.parentElement === document.body && this.#host.id === "otvet") document.documentElement.lang = this.#language;
  }
}

function chosenLanguage(): Language {
  const chosen = readLocal("language");
  if (chosen === "ru" || chosen === "en") return chosen;
  return navigator.language.toLowerCase().startsWith("ru") ? "ru" : "en";
}
