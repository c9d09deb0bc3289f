import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** Writes the list of hashed files, which the service worker keeps for the time without a network. */
function assetList(): Plugin {
  return {
    name: "asset-list",
    generateBundle(_, bundle) {
      const files = Object.keys(bundle).filter((name) => name.startsWith("assets/")).map((name) => `/${name}`);
      this.emitFile({ type: "asset", fileName: "assets.json", source: JSON.stringify(files) });
    },
  };
}

export default defineConfig({
  plugins: [assetList()],
  // The SDK is taken from its source, so that the page needs no build of it first.
  resolve: { conditions: ["source"] },
  build: { outDir: "dist", assetsDir: "assets/visitor", target: "es2022", modulePreload: { polyfill: false }, assetsInlineLimit: 0 },
  test: { include: ["test/**/*.test.ts"], environment: "node" },
});
