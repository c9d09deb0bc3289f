import { defineConfig } from "@playwright/test";
import tests from "./playwright.config.ts";

/** `npm run pictures`: makes the pictures of the documentation from the real server. */
export default defineConfig({ ...tests, testDir: "pictures", testMatch: "*.pictures.ts" });
