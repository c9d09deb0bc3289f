import { defineConfig } from "vite";

export default defineConfig({
  build: { outDir: "dist", assetsDir: "assets/docs", target: "es2022", modulePreload: { polyfill: false }, chunkSizeWarningLimit: 2000 },
});
