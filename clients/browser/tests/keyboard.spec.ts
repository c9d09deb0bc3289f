import type { Page } from "@playwright/test";
import { expect, test } from "../src/test.ts";

/** Presses Tab until what has the focus bears this name, as somebody without a mouse would. */
async function tabTo(page: Page, name: string): Promise<void> {
  const focused = () =>
    page.evaluate(() => {
      let element = document.activeElement;
      while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
      if (!element) return "";
      const labels = element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement ? [...(element.labels ?? [])] : [];
      return element.getAttribute("aria-label") ?? (labels.map((label) => label.textContent).join(" ") || (element.textContent ?? ""));
    });
  for (let presses = 0; presses < 60; presses++) {
    if ((await focused()).trim().startsWith(name)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`Tab does not lead to "${name}".`);
}

test("the main job without a mouse", async ({ server, visitor, panel }) => {
  await server.addPerson("olga@example.com", "Olga", "manager");
  const manager = await panel();
  await tabTo(manager.page, manager.t.login.email);
  await manager.page.keyboard.type("olga@example.com");
  await tabTo(manager.page, manager.t.login.password);
  await manager.page.keyboard.type("correct horse battery");
  await manager.page.keyboard.press("Enter");
  await expect(manager.page.getByRole("navigation", { name: manager.t.nav.label })).toBeVisible();

  const site = await visitor();
  await tabTo(site.page, site.t.guestName);
  await site.page.keyboard.type("Anna");
  await tabTo(site.page, site.t.continueAsGuest);
  await site.page.keyboard.press("Enter");
  await expect(site.questionField).toBeFocused();
  await site.page.keyboard.type("Can you hear me?");
  await tabTo(site.page, site.t.ask);
  await site.page.keyboard.press("Enter");
  await site.expectMessages(["Can you hear me?"]);

  await expect(manager.row("Can you hear me?")).toBeVisible();
  await manager.page.keyboard.press("j");
  await manager.page.keyboard.press("c");
  await expect(manager.page.getByRole("log")).toBeVisible();
  await manager.page.keyboard.press("n");
  await expect(manager.composer).toBeFocused();
  await manager.page.keyboard.type("Loud and clear.");
  await manager.page.keyboard.press("Enter");
  await site.expectMessages(["Can you hear me?", "Loud and clear."]);
  await expect(site.composer).toBeFocused();
  await site.page.keyboard.type("Good.");
  await site.page.keyboard.press("Enter");
  await manager.expectMessages(["Can you hear me?", "Loud and clear.", "Good."]);
  await tabTo(manager.page, manager.t.actions.resolve);
  await manager.page.keyboard.press("Enter");
  await expect(site.page.locator(".thread-head").getByText(site.t.statusResolved)).toBeVisible();
});
