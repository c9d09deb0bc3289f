import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

/** Where `npm run dev` finds a running server. */
const server = process.env["OTVET_DEV_SERVER"] ?? "http://127.0.0.1:8080";

export default defineConfig({
  base: "/admin/",
  plugins: [react()],
  resolve: {
    // The SDK is compiled from its sources, so that its build need not come first.
    conditions: ["source", "module", "browser", "development|production"],
    dedupe: ["react", "react-dom", "@mui/material", "@emotion/react", "react-router"],
  },
  build: {
    target: "es2022",
    // No data: URLs: the policy's font-src and img-src stay as narrow as they can be.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1200,
  },
  server: {
    proxy: {
      "/api": server,
      "/ws": { target: server, ws: true },
    },
  },
  test: { environment: "node", include: ["src/**/*.test.{ts,tsx}"] },
});
