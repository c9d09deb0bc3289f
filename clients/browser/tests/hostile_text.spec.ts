import { Api } from "../src/api.ts";
import { expect, test } from "../src/test.ts";

const SCRIPT = `<script>window.broken=1</script><img src=x onerror="window.broken=1">`;
const LINK = `javascript:window.broken=1 "><svg onload=window.broken=1> {{7*7}} \${window.broken=1}`;
const DIRECTION = "\u202Egnp.exe\u202C";

test("markup in names, subjects and messages is text on both sides", async ({ server, visitor, panel }) => {
  await server.addPerson("olga@example.com", `<b>Olga</b>${SCRIPT}`, "manager");
  const site = await visitor();
  await site.continueAsGuest(`<i>Anna</i><img src=x onerror=window.broken=1>`);
  await site.ask(`${SCRIPT} ${LINK}`, `<h1>${DIRECTION}</h1><iframe src="javascript:parent.broken=1">`);
  await site.expectMessages([`${SCRIPT} ${LINK}`]);
  const manager = await panel("olga@example.com");
  await manager.open("<h1>");
  await manager.send(`Answer ${SCRIPT}`);
  await manager.note(`Note ${LINK}`);
  await manager.expectMessages([SCRIPT, `Answer ${SCRIPT}`, `Note ${LINK}`]);
  await expect(manager.page.getByRole("heading", { name: "<i>Anna</i><img src=x onerror=window.broken=1>" }).first()).toBeVisible();
  await site.expectMessages([`${SCRIPT} ${LINK}`, `Answer ${SCRIPT}`]);
  await expect(site.page.locator(".thread-head").getByText(site.t.statusClaimed(`<b>Olga</b>${SCRIPT}`))).toBeVisible();
  for (const { page } of [site, manager]) {
    expect(await page.evaluate(() => "broken" in window)).toBe(false);
    await expect(page.locator("iframe, img[src=x], svg[onload], a[href^='javascript:']")).toHaveCount(0);
  }
});

test("a message as long as it may be, of one word, breaks no layout", async ({ server, visitor, panel }) => {
  await server.addPerson("olga@example.com", "О".repeat(60), "manager");
  const anna = await Api.register(server.origin, "Ä".repeat(100), "anna@example.com", "correct horse battery");
  await anna.ask("w".repeat(4000), "s".repeat(200));
  for (const phone of [false, true]) {
    const site = await visitor({ phone });
    await site.signIn("anna@example.com");
    await site.open("ssss");
    await site.expectMessages(["w".repeat(4000)]);
    const manager = await panel("olga@example.com", { phone });
    if (!phone) await manager.tab("all");
    await manager.open("ssss");
    await manager.expectMessages(["w".repeat(4000)]);
    for (const { page } of [site, manager]) {
      expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBe(0);
    }
  }
});
