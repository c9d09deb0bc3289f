import { expect, test } from "../src/test.ts";
import { watch } from "../src/watch.ts";

test("the watch that every test stands under sees a breach of the policy", async ({ browser, server }) => {
  for (const path of ["/", "/admin"]) {
    const page = await browser.newPage();
    const complaints = watch(page);
    await page.goto(server.origin + path);
    await page.evaluate(() => {
      const element = document.createElement("div");
      element.setAttribute("style", "color: red");
      document.body.append(element);
    });
    await expect.poll(() => complaints.join("\n")).toContain("Content Security Policy");
    await page.close();
  }
});

test("every page comes with the policy and the headers of the baseline", async ({ server }) => {
  for (const path of ["/", "/admin", "/docs"]) {
    const { headers } = await fetch(server.origin + path);
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    if (path !== "/docs") expect(policy).not.toContain("unsafe-inline");
    expect(policy).not.toContain("unsafe-eval");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
  }
});

test("the API's reference page opens without a complaint", async ({ open }) => {
  const page = await open("/docs");
  await expect(page.getByText("/api/v1/conversations", { exact: true }).first()).toBeVisible();
});
