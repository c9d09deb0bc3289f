import { Api } from "../src/api.ts";
import { PASSWORD } from "../src/server.ts";
import { test } from "../src/test.ts";
test("dbg", async ({ server, panel }) => {
  await server.addPerson("olga@example.com", "Olga", "manager");
  const anna = await Api.register(server.origin, "Anna", "anna@example.com", PASSWORD);
  const conversation = await anna.ask("The first.", "Tall");
  for (let number = 0; number < 12; number++) await anna.say(conversation, `${"A long line that wraps on a phone. ".repeat(number)}End ${number}.`);
  for (const phone of [true, false]) {
  const manager = await panel("olga@example.com", { phone });
  await manager.page.addInitScript(() => {});
  for (let opening = 0; opening < 4; opening++) {
    await manager.row("Tall").click();
    const out: string[] = [];
    for (let i = 0; i < 8; i++) { out.push(await manager.page.evaluate(() => { const e = document.querySelector("[role=log]"); return e ? `${Math.round(e.scrollTop)}/${e.scrollHeight}/${e.clientHeight} n=${e.querySelectorAll("[role=article]").length}` : "-"; })); await manager.page.waitForTimeout(120); }
    console.log(phone, opening, out.join(" | "));
    if (phone) await manager.page.getByRole("button", { name: manager.t.inbox.back }).click(); else { await manager.page.evaluate(() => (location.hash = "#/inbox/waiting")); await manager.page.waitForTimeout(100); }
  }}
});
