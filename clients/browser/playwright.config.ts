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
  // Generous: they are waited out only where something is broken, and a busy machine is none of the faces' faults.
  timeout: 180_000,
  expect: { timeout: 30_000 },
  reporter: [["list"]],
  outputDir: "dist/results",
  use: {
    actionTimeout: 30_000,
    screenshot: "only-on-failure",
    launchOptions: { executablePath: chromiumPath(), args: CHROMIUM_ARGS },
  },
});
