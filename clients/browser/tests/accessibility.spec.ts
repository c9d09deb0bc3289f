import { expectAccessible } from "../src/accessibility.ts";
import { Api } from "../src/api.ts";
import { PASSWORD, type Server } from "../src/server.ts";
import { expect, type Look, test } from "../src/test.ts";

const LOOKS: Look[] = [
  { language: "en" },
  { language: "ru" },
  { language: "en", dark: true },
  { language: "ru", dark: true },
  { language: "en", phone: true },
  { language: "ru", phone: true },
  { language: "en", dark: true, phone: true },
  { language: "ru", dark: true, phone: true },
];

function nameOf({ language, dark, phone }: Look): string {
  return `${language}, ${dark ? "dark" : "light"}, ${phone ? "phone" : "desktop"}`;
}

/** One conversation that waits, one with an answer and a note, one of another manager's, one resolved. */
async function prepare(server: Server): Promise<void> {
  await server.addPerson("olga@example.com", "Olga", "admin");
  await server.addPerson("petr@example.com", "Petr", "manager");
  const anna = await Api.register(server.origin, "Anna", "anna@example.com", PASSWORD);
  const olga = await Api.login(server.origin, "olga@example.com", PASSWORD);
  const petr = await Api.login(server.origin, "petr@example.com", PASSWORD);
  await anna.ask("Where is my parcel? See https://example.com/1042", "Waiting one");
  const mine = await anna.ask("Can I pay by card?", "Mine");
  await olga.act(mine, "claim");
  await olga.say(mine, "You can.");
  await olga.note(mine, "Asked twice before.");
  const other = await anna.ask("Do you deliver to Omsk?", "Of another");
  await petr.act(other, "claim");
  const done = await anna.ask("Is it open on Sunday?", "Done");
  await olga.act(done, "claim");
  await olga.act(done, "resolve");
}

// The sign-in that is refused, and the network that is cut, are noted by the browser.
test.use({ refusals: true });

for (const look of LOOKS) {
  test(`the visitor's page has no barriers: ${nameOf(look)}`, async ({ server, visitor }) => {
    await prepare(server);
    const site = await visitor(look);
    const { page, t } = site;
    await expect(page.getByLabel(t.guestName)).toBeVisible();
    await expectAccessible(page, "welcome");
    await page.getByRole("button", { name: t.register }).click();
    await page.locator("form").getByRole("button", { name: t.register }).click();
    await expect(page.locator(".field-error").first()).toBeVisible();
    await expectAccessible(page, "registration with errors");
    await page.goto(`${server.origin}/#/`);
    await site.signIn("anna@example.com");
    await expect(site.entry("Waiting one")).toBeVisible();
    await expectAccessible(page, "list");
    await site.open("Mine");
    await site.expectMessages(["Can I pay by card?", "You can."]);
    await expectAccessible(page, "thread");
    await page.context().setOffline(true);
    await expect(site.offlineBanner).toBeVisible();
    await site.send("Out of reach");
    await expect(page.locator(".delivery.is-queued")).toBeVisible();
    await expectAccessible(page, "thread without a network");
    await page.context().setOffline(false);
    await site.expectNothingUnsent();
    await page.goto(`${server.origin}/#/ask`);
    await expect(site.questionField).toBeVisible();
    await expectAccessible(page, "ask");
    await page.goto(`${server.origin}/#/account`);
    await expect(page.getByRole("heading", { name: t.account })).toBeVisible();
    await expectAccessible(page, "account");
    await page.getByRole("button", { name: t.devices }).click();
    await expect(page.locator(".device").first()).toBeVisible();
    await expectAccessible(page, "devices");
  });

  test(`the panel has no barriers: ${nameOf(look)}`, async ({ server, panel }) => {
    await prepare(server);
    const manager = await panel(undefined, look);
    const { page, t } = manager;
    await page.locator("input[name=email]").fill("olga@example.com");
    await page.locator("input[name=password]").fill("not this one");
    await page.getByRole("button", { name: t.login.submit }).click();
    await expect(page.getByText(t.login.wrong)).toBeVisible();
    await expectAccessible(page, "refused sign-in");
    await manager.signIn("olga@example.com");
    await expect(manager.row("Waiting one")).toBeVisible();
    await expectAccessible(page, "waiting");
    const back = async () => {
      if (look.phone) await page.getByRole("button", { name: t.inbox.back }).click();
    };
    await manager.open("Waiting one");
    await manager.expectMessages(["Where is my parcel?"]);
    await expectAccessible(page, "waiting thread");
    await back();
    await manager.tab("mine");
    await manager.open("Mine");
    await manager.expectMessages(["Can I pay by card?", "You can.", "Asked twice before."]);
    await page.getByRole("button", { name: t.composer.note, exact: true }).click();
    await expectAccessible(page, "thread with a note");
    await manager.actInMenu(t.actions.transfer);
    await expect(page.getByRole("dialog").getByText("Petr")).toBeVisible();
    await expectAccessible(page, "transfer");
    await page.keyboard.press("Escape");
    await expect(page.getByRole("dialog")).toBeHidden();
    await back();
    await manager.tab("all");
    await manager.open("Of another");
    await manager.act(t.actions.take_over);
    await expect(page.getByRole("dialog")).toBeVisible();
    await expectAccessible(page, "take over");
    await page.keyboard.press("Escape");
    await expect(page.getByRole("dialog")).toBeHidden();
    await back();
    await page.getByRole("button", { name: t.nav.settings }).click();
    await expect(page.getByRole("dialog", { name: t.nav.settings })).toBeVisible();
    await expectAccessible(page, "settings");
    await page.keyboard.press("Escape");
    await page.getByRole("link", { name: t.nav.people }).click();
    await expect(page.getByText("petr@example.com")).toBeVisible();
    await expectAccessible(page, "people");
    await page.context().setOffline(true);
    await expect(manager.connectionBanner).toBeVisible();
    await expectAccessible(page, "without a network");
  });
}
