import { fileURLToPath } from "node:url";
import { startMock } from "./server.mjs";

// node mock/main.mjs [empty|slow|fail]: the mock on port 4180, serving dist too.
const mock = await startMock({ port: Number(process.env.PORT ?? 4180), dist: fileURLToPath(new URL("../dist", import.meta.url)), mode: process.argv[2] ?? "" });
console.error(`sign in: ${mock.link}`);
