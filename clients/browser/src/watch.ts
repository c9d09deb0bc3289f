import type { Page } from "@playwright/test";

/** Whether this line is the browser's own note of a request that got no answer or a refusal. */
export function isRefusal(line: string): boolean {
  return /^Failed to load resource|^WebSocket connection to .* failed/.test(line);
}

/** Collects what a page complains about: errors of its scripts, errors on the console, breaches of the policy. */
export function watch(page: Page): string[] {
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(`uncaught: ${error.stack ?? error.message}`));
  page.on("console", (line) => {
    if (line.type() === "error" || line.type() === "warning") complaints.push(line.text());
  });
  return complaints;
}
