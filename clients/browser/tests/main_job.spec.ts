import { Api } from "../src/api.ts";
import { PASSWORD } from "../src/server.ts";
import { expect, test } from "../src/test.ts";

test.describe("the main job", () => {
  test.use({ refusals: true });

  test("a question asked on the site is answered from the panel and goes on on the phone", async ({ server, visitor, panel }) => {
    await server.addPerson("olga@example.com", "Olga", "manager");
    const manager = await panel("olga@example.com");
    await expect(manager.page.getByText(manager.t.inbox.empty_waiting, { exact: true })).toBeVisible();

    const site = await visitor();
    await site.register("Anna", "anna@example.com");
    await site.ask("Where is my parcel?", "Order 1042");
    await site.expectMessages(["Where is my parcel?"]);

    // Nobody reloads: the question comes in by itself.
    await manager.open("Order 1042");
    await manager.act(manager.t.actions.claim);
    await manager.send("It leaves the warehouse today.");
    await site.expectMessages(["Where is my parcel?", "It leaves the warehouse today."]);
    await expect(site.page.getByRole("heading", { name: "Order 1042" })).toBeVisible();
    await expect(site.page.locator(".thread-head").getByText(site.t.statusClaimed("Olga"))).toBeVisible();

    // The site's browser loses its network in the middle; the phone goes on.
    await site.page.context().setOffline(true);
    await expect(site.offlineBanner).toBeVisible();
    const phone = await visitor({ phone: true });
    await phone.signIn("anna@example.com");
    await phone.open("Order 1042");
    await phone.expectMessages(["Where is my parcel?", "It leaves the warehouse today."]);
    await phone.send("Thank you!");
    await manager.expectMessages(["Where is my parcel?", "It leaves the warehouse today.", "Thank you!"]);
    await manager.send("You are welcome.");
    await manager.send("It arrives on Tuesday.");
    const all = ["Where is my parcel?", "It leaves the warehouse today.", "Thank you!", "You are welcome.", "It arrives on Tuesday."];
    await phone.expectMessages(all);

    await site.page.context().setOffline(false);
    await site.expectMessages(all);
    await expect(site.offlineBanner).toBeHidden();
    await manager.expectMessages(all);

    // From the list it is the same, and after a reload as well.
    await site.page.reload();
    await site.expectMessages(all);
    const anna = await Api.login(server.origin, "anna@example.com", PASSWORD);
    const [conversation] = await anna.conversations();
    expect(await anna.bodies(conversation ?? "")).toEqual(all);
  });
});

test("a guest who registers keeps the conversation, and it stays theirs word for word", async ({ server, visitor, panel }) => {
  await server.addPerson("olga@example.com", "Olga", "manager");
  const manager = await panel("olga@example.com");
  const guest = await visitor();
  await guest.continueAsGuest("Boris");
  await guest.ask("Do you deliver to Omsk?", "Delivery");
  await guest.expectMessages(["Do you deliver to Omsk?"]);
  await manager.open("Delivery");

  await guest.page.getByRole("button", { name: guest.t.account }).click();
  await guest.register("Boris Orlov", "boris@example.com");
  await expect(guest.entry("Delivery")).toContainText(`${guest.t.you}: Do you deliver to Omsk?`);
  await guest.open("Delivery");
  await manager.send("We do.");
  await guest.expectMessages(["Do you deliver to Omsk?", "We do."]);
  await guest.send("Good.");
  await guest.expectMessages(["Do you deliver to Omsk?", "We do.", "Good."]);
  await expect(guest.page.locator(".message.own .body")).toHaveText(["Do you deliver to Omsk?", "Good."]);
  await manager.expectMessages(["Do you deliver to Omsk?", "We do.", "Good."]);

  const phone = await visitor({ phone: true });
  await phone.signIn("boris@example.com");
  await phone.open("Delivery");
  await phone.expectMessages(["Do you deliver to Omsk?", "We do.", "Good."]);
});

test("typing and read marks are seen on the other side, and a note is not", async ({ server, visitor, panel }) => {
  await server.addPerson("olga@example.com", "Olga", "manager");
  const manager = await panel("olga@example.com");
  const site = await visitor();
  await site.register("Anna", "anna@example.com");
  await site.ask("Are you there?");
  await manager.open("Are you there?");
  await manager.act(manager.t.actions.claim);
  await manager.note("She has asked before.");
  await expect(manager.articles).toContainText(["Are you there?", "She has asked before."]);
  await site.composer.pressSequentially("Hel");
  await expect(manager.page.getByText("Anna is typing…")).toBeVisible();
  await manager.composer.pressSequentially("Ye");
  await expect(site.page.locator(".typing").getByText(site.t.typing("Olga"))).toBeVisible();
  await manager.send("Yes.");
  await site.expectMessages(["Are you there?", "Yes."]);
  await expect(manager.articles.last().locator("svg title")).toHaveText(manager.t.thread.read);
  await site.send("Hello");
  await expect(site.page.locator(".message.own").last().locator(".delivery")).toHaveAttribute("title", site.t.read);
});

test("signing out ends both sessions, and leaves nothing behind", async ({ server, visitor, panel }) => {
  await server.addPerson("olga@example.com", "Olga", "manager");
  const site = await visitor();
  await site.register("Anna", "anna@example.com");
  await site.ask("For my eyes only?", "Private");
  await site.expectMessages(["For my eyes only?"]);
  await site.expectNothingUnsent();
  const manager = await panel("olga@example.com");
  await manager.open("Private");
  await manager.composer.fill("A draft");

  await site.page.getByRole("button", { name: site.t.account }).click();
  await site.page.getByRole("button", { name: site.t.signOut }).click();
  await expect(site.page.getByLabel(site.t.guestName)).toBeVisible();
  await manager.page.getByRole("button", { name: manager.t.nav.settings }).click();
  await manager.page.getByRole("button", { name: manager.t.nav.sign_out }).click();
  await expect(manager.page.getByRole("button", { name: manager.t.login.submit })).toBeVisible();
  for (const { page } of [site, manager]) {
    await page.reload();
    await expect(page.getByText("Private")).toHaveCount(0);
    expect(await page.evaluate(() => JSON.stringify(Object.entries(localStorage)))).not.toMatch(/\d\|\w{40}|A draft/);
  }
  await manager.signIn("olga@example.com");
  await manager.open("Private");
  await expect(manager.composer).toHaveValue("");
});
