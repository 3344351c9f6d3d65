import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// TOCSIN_API is where the dev server finds the API: the mock by default.
const api = process.env.TOCSIN_API ?? "http://127.0.0.1:4180";

export default defineConfig({
  plugins: [react()],
  define: { global: "globalThis" },
  worker: { format: "es" },
  server: { port: 5173, proxy: { "/api": { target: api, changeOrigin: false } } },
  build: { outDir: "dist", emptyOutDir: false, target: "es2022", chunkSizeWarningLimit: 12_000 },
});
