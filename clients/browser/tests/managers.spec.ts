import { Api } from "../src/api.ts";
import { delayable } from "../src/delay.ts";
import { expect, test } from "../src/test.ts";

test("two managers: who claims first has it, the other is told, and can take it over", async ({ server, panel }) => {
  await server.addPerson("olga@example.com", "Olga", "manager");
  await server.addPerson("petr@example.com", "Petr", "manager");
  const anna = await Api.guest(server.origin, "Anna");
  const conversation = await anna.ask("Who answers?", "A race");
  const olga = await panel("olga@example.com");
  const petr = await panel("petr@example.com");
  const news = await delayable(petr.page);
  await petr.page.reload();
  await olga.open("A race");
  await petr.open("A race");

  // Olga is first, and Petr's page does not hear of it before he claims as well.
  news.hold();
  await olga.act(olga.t.actions.claim);
  await olga.send("I do.");
  await expect.poll(() => anna.bodies(conversation)).toEqual(["Who answers?", "I do."]);
  await petr.act(petr.t.actions.claim);
  news.release();

  // The refusal says who has it, and offers the way round.
  const dialog = petr.page.getByRole("dialog", { name: petr.t.take_over.title });
  await expect(dialog).toContainText("Olga");
  await dialog.getByRole("button", { name: petr.t.actions.take_over }).click();
  await expect(petr.composer).toHaveAccessibleName(petr.t.composer.label);
  await petr.send("Now I do.");
  await petr.expectMessages(["Who answers?", "I do.", "Now I do."]);
  await olga.expectMessages(["Who answers?", "I do.", "Now I do."]);
  await expect(olga.page.getByRole("button", { name: olga.t.actions.take_over })).toBeVisible();
  await expect(olga.page.getByText(olga.t.composer.held.replace("%{name}", "Petr"))).toBeVisible();
  const kinds = async () => (await anna.events(conversation)).map(({ kind }) => kind);
  await expect.poll(kinds).toEqual(["opened", "message", "claimed", "message", "transferred", "message"]);
});

test("what was begun as a note stays a note when the conversation comes to whoever writes it", async ({ server, panel }) => {
  await server.addPerson("olga@example.com", "Olga", "manager");
  await server.addPerson("petr@example.com", "Petr", "manager");
  const anna = await Api.guest(server.origin, "Anna");
  const conversation = await anna.ask("Is it safe?", "Safe");
  const olga = await panel("olga@example.com");
  const petr = await panel("petr@example.com");
  await olga.open("Safe");
  await olga.send("It is.");
  await petr.tab("all");
  await petr.open("Safe");
  await expect(petr.page.getByText(petr.t.composer.held.replace("%{name}", "Olga"))).toBeVisible();
  await petr.composer.fill("She must not read this.");
  await olga.actInMenu(olga.t.actions.transfer);
  await olga.page.getByRole("dialog").getByText("Petr").click();
  await expect(petr.page.getByRole("button", { name: petr.t.actions.resolve })).toBeVisible();
  await petr.composer.press("Enter");
  await petr.expectMessages(["Is it safe?", "It is.", "She must not read this."]);
  // The panel shows it before it is stored.
  await expect.poll(async () => (await anna.events(conversation)).at(-1)?.kind).toBe("hidden");
  await expect(petr.composer).toHaveAccessibleName(petr.t.composer.label);
});

test("transfer, return, resolve, reopen and a visitor who comes back", async ({ server, panel }) => {
  await server.addPerson("olga@example.com", "Olga", "manager");
  await server.addPerson("petr@example.com", "Petr", "manager");
  const anna = await Api.guest(server.origin, "Anna");
  const conversation = await anna.ask("A long way?", "The way");
  const olga = await panel("olga@example.com");
  const petr = await panel("petr@example.com");
  await olga.open("The way");
  await olga.send("It is.");

  await petr.tab("mine");
  await olga.actInMenu(olga.t.actions.transfer);
  await olga.page.getByRole("dialog").getByText("Petr").click();
  await petr.open("The way");
  await petr.actInMenu(petr.t.actions.release);
  await petr.tab("waiting");
  await petr.open("The way");
  await petr.act(petr.t.actions.claim);
  await petr.act(petr.t.actions.resolve);
  await petr.tab("resolved");
  await expect(petr.row("The way")).toBeVisible();
  await petr.open("The way");
  await petr.act(petr.t.actions.reopen);
  await petr.tab("mine");
  await expect(petr.row("The way")).toBeVisible();
  await petr.open("The way");
  await petr.act(petr.t.actions.resolve);
  await petr.tab("mine");
  await expect(petr.row("The way")).toBeHidden();
  await anna.say(conversation, "Are we there yet?");
  await expect(petr.row("The way")).toBeVisible();
  const kinds = (await anna.events(conversation)).map(({ kind }) => kind);
  expect(kinds.filter((kind) => kind !== "message")).toEqual(
    ["opened", "claimed", "transferred", "released", "claimed", "resolved", "reopened", "resolved", "reopened"],
  );
});

test.describe("people", () => {
  // Who is kept out is refused, and the browser notes each refusal.
  test.use({ refusals: true });

  test("an administrator makes a manager of an account, keeps it out, and lets it in again", async ({ server, panel }) => {
    await server.addPerson("vera@example.com", "Vera", "visitor");
    const admin = await panel("admin@example.com");
    await admin.page.getByRole("link", { name: admin.t.nav.people }).click();
    await admin.page.getByLabel(admin.t.people.role_of.replace("%{name}", "Vera")).click();
    await admin.page.getByRole("option", { name: admin.t.people.roles.manager }).click();
    await admin.page.getByRole("dialog").getByRole("button", { name: admin.t.people.change_role }).click();
    await expect(admin.page.getByRole("dialog")).toBeHidden();
    const vera = await panel("vera@example.com");
    await expect(vera.page.getByRole("link", { name: vera.t.nav.people })).toBeHidden();

    const access = admin.page.getByLabel(admin.t.people.access_of.replace("%{name}", "Vera"));
    await access.click();
    await admin.page.getByRole("dialog").getByRole("button", { name: admin.t.people.disable }).click();
    await expect(vera.page.getByText(vera.t.login.session_ended)).toBeVisible();
    await expect(vera.page.getByRole("button", { name: vera.t.login.submit })).toBeVisible();
    await expect(access).not.toBeChecked();
    await access.click();
    await expect(access).toBeChecked();
    await vera.signIn("vera@example.com");
  });
});
