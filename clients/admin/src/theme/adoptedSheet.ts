import createCache, { type EmotionCache } from "@emotion/cache";

/**
 * The style sheet of an Emotion cache, kept in `document.adoptedStyleSheets` instead of `<style>` elements.
 *
 * Constructed sheets are no inline styles, so the panel lives under `style-src 'self'`: its page can be
 * served as it is, the same bytes for everybody, with no nonce to be made for each answer.
 * The shape is the part of `@emotion/sheet`'s `StyleSheet` that Emotion uses.
 */
export class AdoptedSheet {
  readonly key: string;
  readonly isSpeedy = true;
  readonly nonce = undefined;
  readonly container: Node;
  /**
   * Emotion flushes a global sheet before it writes a changed one only if it has a tag.
   * This one is never attached, so the browser never looks at it.
   */
  readonly tags: HTMLStyleElement[];
  before: Element | null = null;
  readonly #sheet = new CSSStyleSheet();

  constructor({ key, container }: { key: string; container: Node }) {
    this.key = key;
    this.container = container;
    this.tags = [document.createElement("style")];
  }

  insert(rule: string): void {
    this.#adopt();
    try {
      this.#sheet.insertRule(rule, this.#sheet.cssRules.length);
    } catch {
      // A selector of another browser's (`::-moz-…`): Emotion's own sheet passes over it as well.
    }
  }

  flush(): void {
    this.#sheet.replaceSync("");
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((sheet) => sheet !== this.#sheet);
  }

  hydrate(): void {
    // Nothing is rendered on a server.
  }

  /** Global rules come first, as they would in the head, so that a component's own rules win. */
  #adopt(): void {
    const adopted = document.adoptedStyleSheets;
    if (adopted.includes(this.#sheet)) return;
    document.adoptedStyleSheets = this.key.endsWith("-global") ? [this.#sheet, ...adopted] : [...adopted, this.#sheet];
  }
}

/** An Emotion cache whose rules go to {@link AdoptedSheet}s. */
export function createAdoptedCache(): EmotionCache {
  const cache = createCache({ key: "otvet" });
  cache.sheet = new AdoptedSheet({ key: "otvet", container: document.head }) as unknown as EmotionCache["sheet"];
  return cache;
}
