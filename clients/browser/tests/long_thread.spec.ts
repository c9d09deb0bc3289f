import { POURING, seedThread } from "../src/seed.ts";
import { PASSWORD } from "../src/server.ts";
import { Api } from "../src/api.ts";
import { expect, test } from "../src/test.ts";

const MESSAGES = 10_000;
/** Rows that may stand in the document, however long the thread is. */
const DRAWN_AT_MOST = 150;

function numberOf(text: string): number {
  return Number(/message (\d+)\./.exec(text)?.[1]);
}

test.use({ settings: POURING });

test("a thread of ten thousand messages opens at its end and scrolls back", async ({ server, visitor, panel }) => {
  await server.addPerson("olga@example.com", "Olga", "manager");
  const anna = await Api.register(server.origin, "Anna", "anna@example.com", PASSWORD);
  const conversation = await anna.ask("message 1.", "Long");
  const site = await visitor();
  await seedThread(site.page, anna, conversation, 2, MESSAGES);

  await site.signIn("anna@example.com");
  await site.open("Long");
  await expect(site.bodies.last()).toHaveText(`message ${MESSAGES}.`);
  const manager = await panel("olga@example.com");
  await manager.open("Long");
  await expect(manager.articles.last()).toContainText(`message ${MESSAGES}.`);

  for (const [log, rows] of [[site.page.getByRole("log"), site.bodies], [manager.page.getByRole("log"), manager.articles]] as const) {
    // Far up: a dozen pages of history, each fetched when the reader comes near the top.
    await expect
      .poll(
        async () => {
          await log.evaluate((element) => (element.scrollTop = 0));
          return numberOf(await rows.first().innerText());
        },
        { timeout: 60_000, intervals: [50] },
      )
      .toBeLessThan(MESSAGES - 1000);
    expect(await rows.count()).toBeLessThan(DRAWN_AT_MOST);
    // What is seen is in order and without gaps, also after the leaps.
    const numbers = (await rows.allInnerTexts()).map(numberOf);
    expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index));
  }
  await site.page.getByRole("button", { name: site.t.toNewest }).click();
  await expect(site.bodies.last()).toHaveText(`message ${MESSAGES}.`);
  await site.send("And one more.");
  await expect(site.bodies.last()).toHaveText("And one more.");
});

test("a thread opens at its newest message, also where lines are higher than expected", async ({ server, panel, visitor }) => {
  await server.addPerson("olga@example.com", "Olga", "manager");
  const anna = await Api.register(server.origin, "Anna", "anna@example.com", PASSWORD);
  const conversation = await anna.ask("The first.", "Tall");
  for (let number = 0; number < 12; number++) await anna.say(conversation, `${"A long line that wraps on a phone. ".repeat(number)}End ${number}.`);
  const manager = await panel("olga@example.com", { phone: true });
  const site = await visitor({ phone: true });
  await site.signIn("anna@example.com");
  for (let opening = 0; opening < 5; opening++) {
    await manager.open("Tall");
    await expect(manager.articles.filter({ hasText: "End 11." })).toBeInViewport();
    await manager.page.getByRole("button", { name: manager.t.inbox.back }).click();
    await site.open("Tall");
    await expect(site.bodies.filter({ hasText: "End 11." })).toBeInViewport();
    await site.page.getByRole("button", { name: site.t.back }).click();
  }
});
