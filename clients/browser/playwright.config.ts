import { defineConfig } from "@playwright/test";
import { chromiumPath, CHROMIUM_ARGS } from "./src/parts.ts";

export default defineConfig({
  testDir: "tests",
  globalSetup: "./src/setup.ts",
  // No retries: a test that passes at the second attempt has found something.
  retries: 0,
  workers: 2,
  fullyParallel: true,
  forbidOnly: true,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: [["list"]],
  outputDir: "dist/results",
  use: {
    actionTimeout: 15_000,
    screenshot: "only-on-failure",
    launchOptions: { executablePath: chromiumPath(), args: CHROMIUM_ARGS },
  },
});
