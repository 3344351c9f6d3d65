import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

// TOCSIN_API is where the dev server finds the API: the mock (npm run mock) by default.
const api = process.env.TOCSIN_API ?? "http://127.0.0.1:4180";
const dist = join(import.meta.dirname, "dist");

/** Clears what an older build left (.gitkeep stays: Go embeds dist) and writes a gzip copy of everything worth it. */
function compressed(): Plugin {
  return {
    name: "tocsin-compressed",
    apply: "build",
    buildStart() {
      for (const name of readdirSync(dist)) if (name !== ".gitkeep") rmSync(join(dist, name), { recursive: true });
    },
    closeBundle() {
      for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
        const file = join(entry.parentPath, entry.name);
        if (entry.isFile() && /\.(js|css|html|svg|ttf)$/.test(file) && statSync(file).size > 1400) writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  plugins: [react(), compressed()],
  define: { global: "globalThis" }, // the Kusto language service looks for it
  worker: { format: "es" },
  server: { port: 5173, proxy: { "/api": { target: api, changeOrigin: false } } },
  build: { outDir: "dist", emptyOutDir: false, target: "es2022", chunkSizeWarningLimit: 12_000 },
});
