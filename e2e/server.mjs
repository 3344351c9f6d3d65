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
  return startDemo(process.env.TOCSIN_BIN ?? join(root, "bin/tocsin"));
}

async function startDemo(program) {
  if (!existsSync(program)) throw new Error(`${program} is not there. Build it with make build, or set TOCSIN_MOCK=1.`);
  const data = mkdtempSync(join(tmpdir(), "tocsin-e2e-"));
  const child = spawn(program, ["demo", "--data", data, "--addr", "127.0.0.1:0"], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  const ended = new Promise((done) => child.once("exit", done));
  const link = await new Promise((found, failed) => {
    const timer = setTimeout(() => failed(new Error(`no sign-in link after ${readyMillis} ms:\n${said}`)), readyMillis);
    const read = (part) => {
      said += part;
      const line = /sign in: (\S+)/.exec(said);
      if (!line) return;
      clearTimeout(timer);
      found(line[1]);
    };
    child.stderr.setEncoding("utf8").on("data", read);
    child.stdout.setEncoding("utf8").on("data", read);
    void ended.then(() => failed(new Error(`the server ended:\n${said}`)));
  });
  const stop = async () => {
    child.kill("SIGTERM");
    await ended;
    rmSync(data, { recursive: true, force: true });
  };
  const url = new URL(link).origin;
  return { url, link, isMock: false, invite: (user, role) => invite(program, data, url, user, role), stop };
}

/** Adds a user of a running server and returns a one-time link for them. */
export async function invite(program, data, url, user, role) {
  await run(program, ["user", "add", user, "--role", role, "--data", data], `correct horse battery ${user}\n`);
  return `${url}/signin?link=${(await run(program, ["user", "link", user, "--data", data])).trim()}`;
}

/** Runs a program to its end and returns what it wrote. */
const run = (program, flags, input = "") => new Promise((done, failed) => {
  const child = execFile(program, flags, (error, out, said) => (error ? failed(new Error(`${flags.join(" ")}: ${said}`)) : done(out)));
  child.stdin.end(input);
});
