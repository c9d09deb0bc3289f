import { type BrowserContext, type BrowserContextOptions, expect, type Page, test as base } from "@playwright/test";
import { ru as visitorRu } from "../../visitor/src/i18n/ru.ts";
import { en as visitorEn } from "../../visitor/src/i18n/en.ts";
import { english } from "../../admin/src/i18n/en.ts";
import { russian } from "../../admin/src/i18n/ru.ts";
import { PanelPage } from "./panel_page.ts";
import { Server } from "./server.ts";
import { VisitorPage } from "./visitor_page.ts";
import { isRefusal, watch } from "./watch.ts";

export { expect };

export const DESKTOP = { width: 1280, height: 800 };
export const PHONE = { width: 390, height: 844 };

export interface Look {
  language?: "en" | "ru";
  dark?: boolean;
  phone?: boolean;
}

export interface Scene {
  server: Server;
  /** Of the server's environment, beside what every test's server has. */
  settings: Record<string, string>;
  /** The test breaks connections or has requests refused: what the browser itself notes of that is no complaint. */
  refusals: boolean;
  /** A page in a browser of its own, with storage of its own. */
  open: (path: string, look?: Look) => Promise<Page>;
  visitor: (look?: Look) => Promise<VisitorPage>;
  /** The panel, signed in with `email`, or at its sign-in page. */
  panel: (email?: string, look?: Look) => Promise<PanelPage>;
}

/** Every test has a server and database of its own, and fails when any page it opened complained about anything. */
export const test = base.extend<Scene>({
  refusals: [false, { option: true }],

  settings: [{}, { option: true }],

  server: async ({ settings }, use) => {
    const server = await Server.start(settings);
    await use(server);
    await server.remove();
  },

  open: async ({ browser, server, refusals }, use) => {
    const contexts: BrowserContext[] = [];
    const watched: string[][] = [];
    await use(async (path, look) => {
      const context = await browser.newContext(optionsOf(look));
      contexts.push(context);
      const page = await context.newPage();
      watched.push(watch(page));
      await page.goto(server.origin + path);
      return page;
    });
    for (const context of contexts) await context.close();
    expect(watched.flat().filter((line) => !(refusals && isRefusal(line)))).toEqual([]);
  },

  visitor: async ({ open }, use) => {
    await use(async (look) => new VisitorPage(await open("/", look), look?.language === "ru" ? visitorRu : visitorEn));
  },

  panel: async ({ open }, use) => {
    await use(async (email, look) => {
      const panel = new PanelPage(await open("/admin", look), (look?.language === "ru" ? russian : english).otvet);
      if (email) await panel.signIn(email);
      return panel;
    });
  },
});

function optionsOf({ language = "en", dark = false, phone = false }: Look = {}): BrowserContextOptions {
  return {
    locale: language === "ru" ? "ru-RU" : "en-GB",
    colorScheme: dark ? "dark" : "light",
    viewport: phone ? PHONE : DESKTOP,
    hasTouch: phone,
    isMobile: phone,
    reducedMotion: "reduce",
  };
}
