import { join } from "node:path";
import type { Page } from "@playwright/test";
import { expect, type Look, test } from "../src/test.ts";
import type { PanelPage } from "../src/panel_page.ts";
import type { VisitorPage } from "../src/visitor_page.ts";
import { ENGLISH, RUSSIAN, type Story } from "./story.ts";
import { Telling } from "./telling.ts";

/** Where pictures go: those of the documentation, or all of them where PICTURES names a folder. */
const FOLDER = process.env["PICTURES"] ?? join(import.meta.dirname, "../../../docs/images");

/** The pictures that the documentation shows. */
const SHOWN = new Set(["panel-light-en", "panel-dark-ru", "panel-phone-en", "visitor-phone-ru", "visitor-phone-dark-en", "visitor-desktop-light-en"]);

async function take(page: Page, name: string): Promise<void> {
  if (!SHOWN.has(name) && !process.env["PICTURES"]) return;
  // Nothing is pointed at.
  await page.mouse.move(0, 0);
  await page.evaluate(() => Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => undefined))));
  await page.screenshot({ path: join(FOLDER, `${name}.png`), caret: "hide" });
}

test.use({ refusals: true });

for (const story of [ENGLISH, RUSSIAN]) {
  test(`pictures of both faces, ${story.language}`, async ({ server, visitor, panel }) => {
    test.setTimeout(240_000);
    const telling = new Telling();
    await telling.tell(server, story);
    for (const phone of [false, true]) {
      for (const dark of [false, true]) {
        const look: Look = { language: story.language, dark, phone };
        const place = (face: string, state = "") =>
          `${face}${phone ? "-phone" : face === "visitor" ? "-desktop" : ""}${dark ? "-dark" : phone ? "" : "-light"}-${story.language}${state && `-${state}`}`;
        await ofVisitor(story, telling, await visitor(look), place);
        await ofPanel(story, telling, await panel(undefined, look), place);
      }
    }
  });
}

type Place = (face: string, state?: string) => string;

async function ofVisitor(story: Story, telling: Telling, site: VisitorPage, place: Place): Promise<void> {
  const { page, t } = site;
  await telling.show(page);
  await page.reload();
  await expect(page.getByLabel(t.guestName)).toBeVisible();
  await take(page, place("visitor", "welcome"));
  await page.getByRole("button", { name: t.register }).first().click();
  await page.locator("form").getByRole("button", { name: t.register }).click();
  await expect(page.locator(".field-error").first()).toBeVisible();
  await take(page, place("visitor", "refused"));
  await page.evaluate(() => (location.hash = "#/"));
  await site.signIn(telling.emailOf(story.visitor));
  await expect(site.entry(story.open)).toBeVisible();
  await take(page, place("visitor", "list"));
  await site.open(story.open);
  await expect(site.bodies).toHaveCount(6);
  await take(page, place("visitor"));
  await page.context().setOffline(true);
  await expect(site.offlineBanner).toBeVisible();
  await site.send(story.unsent);
  await expect(page.locator(".delivery.is-queued")).toBeVisible();
  await take(page, place("visitor", "offline"));
  await page.evaluate(() => (location.hash = "#/ask"));
  await expect(site.questionField).toBeVisible();
  await take(page, place("visitor", "ask"));
  await page.evaluate(() => (location.hash = "#/account"));
  await expect(page.getByRole("heading", { name: t.account })).toBeVisible();
  await take(page, place("visitor", "account"));
}

async function ofPanel(story: Story, telling: Telling, manager: PanelPage, place: Place): Promise<void> {
  const { page, t } = manager;
  await telling.show(page);
  await page.reload();
  await expect(page.locator("input[name=email]")).toBeVisible();
  await take(page, place("panel", "login"));
  await manager.signIn(telling.emailOf(story.managers[0]));
  await expect(page.locator("[data-conversation]")).toHaveCount(3);
  await take(page, place("panel", "waiting"));
  await manager.tab("mine");
  await manager.open(story.open);
  await expect(manager.articles).toHaveCount(7);
  const back = async () => {
    if (place("panel").includes("phone")) await page.getByRole("button", { name: t.inbox.back }).click();
  };
  if (!place("panel").includes("phone")) {
    // All states of a conversation in the list beside the thread.
    await page.evaluate(() => (location.hash = location.hash.replace("/mine/", "/all/")));
    await expect(page.locator("[data-conversation]")).toHaveCount(7);
  }
  await expect(manager.articles).toHaveCount(7);
  await take(page, place("panel"));
  await back();
  await manager.tab("all");
  await expect(page.locator("[data-conversation]").first()).toBeVisible();
  await take(page, place("panel", "all"));
  await manager.tab("resolved");
  await manager.open(story.steps[0]?.where ?? "");
  await expect(manager.articles).toHaveCount(3);
  await take(page, place("panel", "resolved"));
  await back();
  await page.getByRole("link", { name: t.nav.people }).click();
  await expect(page.getByText(telling.emailOf(story.visitor))).toBeVisible();
  await take(page, place("panel", "people"));
}
