import { execFile, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const readyMillis = 60_000;

/**
 * Finds or starts the server that the stories run against: the one at
 * TOCSIN_URL with the one-time link TOCSIN_LINK, the mock when TOCSIN_MOCK is
 * set, or else bin/tocsin demo with fresh stores. Returns {url, link, isMock, invite, stop};
 * invite(user, role) adds a user and returns a sign-in link, or is null where that cannot be done.
 */
export async function openServer() {
  const { TOCSIN_URL: url, TOCSIN_LINK: link, TOCSIN_MOCK: mock } = process.env;
  if (url && link) return { url, link, isMock: false, invite: null, stop: async () => {} };
  if (mock) {
    const { startMock } = await import("../web/mock/server.mjs");
    const started = await startMock({ dist: join(root, "web/dist") });
    return { url: started.url, link: started.link, isMock: true, invite: null, stop: started.close };
  }
  return startDemo();
}

/** Where the program is that stories start. */
export const program = process.env.TOCSIN_BIN ?? join(root, "bin/tocsin");

/** A folder for stores, to be removed by the caller. */
export const newFolder = () => mkdtempSync(join(tmpdir(), "tocsin-e2e-"));

async function startDemo() {
  if (!existsSync(program)) throw new Error(`${program} is not there. Build it with make build, or set TOCSIN_MOCK=1.`);
  const data = newFolder();
  const started = await start(["demo", "--data", data, "--addr", "127.0.0.1:0"]);
  const stop = async () => {
    await started.stop();
    rmSync(data, { recursive: true, force: true });
  };
  return { ...started, isMock: false, invite: (user, role) => invite(data, started.url, user, role), stop };
}

/** Starts the program as a server and waits for the sign-in link or, without one, for the address it prints. */
export async function start(flags) {
  const child = spawn(program, flags, { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  const ended = new Promise((done) => child.once("exit", done));
  const [link, address] = await new Promise((found, failed) => {
    const timer = setTimeout(() => failed(new Error(`no sign-in link after ${readyMillis} ms:\n${said}`)), readyMillis);
    const read = (part) => {
      said += part;
      const link = /sign in[^:\n]*: (\S+)/.exec(said)?.[1];
      const address = /^tocsin \S+ is at (http\S+?),?\s/m.exec(said)?.[1];
      if (!link && (flags[0] === "demo" || !address || /no users yet/.test(said))) return;
      clearTimeout(timer);
      found([link ?? "", address]);
    };
    child.stderr.setEncoding("utf8").on("data", read);
    child.stdout.setEncoding("utf8").on("data", read);
    void ended.then(() => failed(new Error(`the server ended:\n${said}`)));
  });
  const stop = async () => {
    child.kill("SIGTERM");
    await ended;
  };
  return { url: address ?? new URL(link).origin, link, stop };
}

/** Adds a user of a running server and returns a one-time link for them. */
export async function invite(data, url, user, role) {
  await run(["user", "add", user, "--role", role, "--data", data], `correct horse battery ${user}\n`);
  return `${url}/signin?link=${(await run(["user", "link", user, "--data", data])).trim()}`;
}

/** Runs a program to its end and returns what it wrote. */
export const run = (flags, input = "") => new Promise((done, failed) => {
  const child = execFile(program, flags, (error, out, said) => (error ? failed(new Error(`${flags.join(" ")}: ${said}`)) : done(out)));
  child.stdin.end(input);
});
