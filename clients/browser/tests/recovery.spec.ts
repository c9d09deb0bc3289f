import { Api } from "../src/api.ts";
import { PASSWORD } from "../src/server.ts";
import { expect, test } from "../src/test.ts";

test.use({ refusals: true });

test("a server that is killed while both write comes back, and nothing is lost or doubled", async ({ server, visitor, panel }) => {
  await server.addPerson("olga@example.com", "Olga", "manager");
  const manager = await panel("olga@example.com");
  const site = await visitor();
  await site.register("Anna", "anna@example.com");
  await site.ask("Will you hold?", "Storm");
  await manager.open("Storm");
  await manager.act(manager.t.actions.claim);
  await manager.send("We shall see.");
  await site.expectMessages(["Will you hold?", "We shall see."]);

  // Sent into the void: the process dies with these on the wire or not yet out.
  await site.composer.pressSequentially("half a sen");
  await manager.composer.fill("Said during the fall.");
  await Promise.all([server.kill(), manager.composer.press("Enter")]);
  await expect(site.offlineBanner).toBeVisible();
  await expect(manager.connectionBanner).toBeVisible();
  await expect(site.composer).toHaveValue("half a sen");
  await site.send("Written while it was away.");
  await site.send("And another.");
  await manager.send("Also while away.");
  await server.run();

  await expect(site.offlineBanner).toBeHidden();
  await expect(manager.connectionBanner).toBeHidden();
  await site.expectNothingUnsent();
  await expect(manager.page.getByText(manager.t.thread.queued)).toHaveCount(0);
  await site.send("Back again.");

  const anna = await Api.login(server.origin, "anna@example.com", PASSWORD);
  const [conversation = ""] = await anna.conversations();
  const said = ["Will you hold?", "We shall see.", "Said during the fall.", "Written while it was away.", "And another.", "Also while away.", "Back again."];
  await expect.poll(async () => (await anna.bodies(conversation)).sort()).toEqual(said.sort());
  const stored = await anna.bodies(conversation);
  // One order, for both and for the log.
  await site.expectMessages(stored);
  await manager.expectMessages(stored);
});

test("a message written without a network survives a reload and is sent once", async ({ server, visitor }) => {
  const site = await visitor();
  await site.register("Anna", "anna@example.com");
  await site.ask("Still there?", "Tunnel");
  await site.expectMessages(["Still there?"]);
  await site.expectNothingUnsent();
  await site.page.evaluate(async () => (await navigator.serviceWorker.ready).active?.state);

  await site.page.context().setOffline(true);
  await site.send("From the tunnel.");
  await expect(site.page.locator(".delivery.is-queued")).toHaveCount(1);
  await site.page.reload();
  await site.expectMessages(["Still there?", "From the tunnel."]);
  await expect(site.page.locator(".delivery.is-queued")).toHaveCount(1);
  await site.page.getByRole("button", { name: site.t.account }).click();
  await expect(site.page.getByRole("heading", { name: site.t.account })).toBeVisible();
  await site.page.goBack();
  await site.page.context().setOffline(false);
  await site.expectNothingUnsent();
  await site.expectMessages(["Still there?", "From the tunnel."]);
  const anna = await Api.login(server.origin, "anna@example.com", PASSWORD);
  const [conversation = ""] = await anna.conversations();
  expect(await anna.bodies(conversation)).toEqual(["Still there?", "From the tunnel."]);
});

test("a device that is signed out from another one asks to sign in and keeps what was not sent", async ({ server, visitor }) => {
  const site = await visitor();
  await site.register("Anna", "anna@example.com");
  await site.ask("Who is on my account?", "Lost phone");
  await site.expectMessages(["Who is on my account?"]);
  await site.expectNothingUnsent();
  const phone = await visitor({ phone: true });
  await phone.signIn("anna@example.com");
  await phone.open("Lost phone");
  await phone.page.context().setOffline(true);
  await phone.send("Written before the sign-out.");
  await expect(phone.page.locator(".delivery.is-queued")).toHaveCount(1);

  await site.page.getByRole("button", { name: site.t.account }).click();
  await site.page.getByRole("button", { name: site.t.devices }).click();
  await expect(site.page.locator(".device")).toHaveCount(2);
  await site.page.locator(".device").getByRole("button").click();
  await expect(site.page.locator(".device")).toHaveCount(1);

  await phone.page.context().setOffline(false);
  await expect(phone.page.getByText(phone.t.expired)).toBeVisible();
  await phone.signIn("anna@example.com");
  const anna = await Api.login(server.origin, "anna@example.com", PASSWORD);
  const [conversation = ""] = await anna.conversations();
  await expect.poll(() => anna.bodies(conversation)).toEqual(["Who is on my account?", "Written before the sign-out."]);
  await phone.open("Lost phone");
  await phone.expectMessages(["Who is on my account?", "Written before the sign-out."]);
});

test("a manager whose token is revoked is led to the sign-in, and finds the draft again", async ({ server, panel }) => {
  await server.addPerson("olga@example.com", "Olga", "manager");
  const anna = await Api.guest(server.origin, "Anna");
  await anna.ask("Anybody?", "Draft");
  const manager = await panel("olga@example.com");
  await manager.open("Draft");
  await manager.composer.fill("An answer that is not finished");
  await server.command(["user", "password", "olga@example.com"], `${PASSWORD}\n`);
  await expect(manager.page.getByRole("button", { name: manager.t.login.submit })).toBeVisible();
  await manager.signIn("olga@example.com");
  await manager.tab("waiting");
  await manager.open("Draft");
  await expect(manager.composer).toHaveValue("An answer that is not finished");
});
