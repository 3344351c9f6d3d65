import { createServer } from "node:http";
import { randomUUID } from "node:crypto";
import { refused, rules, ruleDetail, sources } from "./catalog.mjs";
import { checkQuery, runQuery } from "./query.mjs";
import { schema } from "./schema.mjs";
import { seed, users } from "./seed.mjs";
import { change, comment, ingest } from "./incident.mjs";
import { keeping } from "./keeping.mjs";
import { page, summary } from "./queue.mjs";
import { serveFile } from "./files.mjs";

class Refusal extends Error {
  constructor(status, kind, message) { super(message); Object.assign(this, { status, kind }); }
}
const refuse = (status, kind, message) => { throw new Refusal(status, kind, message); };

/**
 * Starts the mock of the API on a free port (or options.port) and serves the
 * built UI from options.dist. options.mode makes it answer strangely for the
 * design of empty, loading and failing states: "empty", "slow", "fail".
 */
export async function startMock({ port = 0, dist = null, mode = "" } = {}) {
  const world = seed(Date.now());
  if (mode === "empty") world.incidents.clear();
  const state = { world, sessions: new Map(), links: new Set(["demo-link"]), streams: new Set(), rules: mode === "empty" ? [] : rules(world.now), mode, refuse };
  state.publish = (message) => { for (const s of state.streams) s.write(`data: ${JSON.stringify({ at: new Date().toISOString(), ...message })}\n\n`); };
  const server = createServer((request, response) => {
    handle(state, request, response, dist).catch((error) => {
      const known = error instanceof Refusal;
      if (!known) console.error(error);
      send(response, known ? error.status : 500, { kind: known ? error.kind : "internal", message: known ? error.message : "Something went wrong on our side.", requestId: randomUUID().slice(0, 8) });
    });
  });
  await new Promise((done) => server.listen(port, "127.0.0.1", done));
  const url = `http://127.0.0.1:${server.address().port}`;
  return { url, link: `${url}/signin?link=demo-link`, state, close: () => { for (const s of state.streams) s.end(); server.closeAllConnections(); return new Promise((done) => server.close(done)); } };
}

function send(response, status, body) {
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(body === null ? "" : JSON.stringify(body));
}

async function body(request) {
  let text = "";
  for await (const part of request) text += part;
  return text ? JSON.parse(text) : {};
}

async function handle(state, request, response, dist) {
  const url = new URL(request.url, "http://mock");
  if (!url.pathname.startsWith("/api/")) return dist ? serveFile(dist, url.pathname, response) : send(response, 404, null);
  const path = url.pathname.replace("/api/v1", "");
  const route = `${request.method} ${path}`;
  if (request.method !== "GET" && request.headers["x-tocsin-request"] !== "1") refuse(403, "denied", "This request did not come from Tocsin's own pages.");
  if (route === "POST /session") return signIn(state, await body(request), response);
  const token = /tocsin_session=([^;]+)/.exec(request.headers.cookie ?? "")?.[1];
  const user = state.sessions.get(token);
  if (!user) refuse(401, "denied", "Your session has ended. Sign in again.");
  if (route === "GET /session") return send(response, 200, session(user));
  if (route === "DELETE /session") { state.sessions.delete(token); return send(response, 204, null); }
  if (route === "GET /stream") return stream(state, response);
  if (state.mode === "slow" && path !== "/users") await new Promise(() => {});
  if (state.mode === "fail") refuse(503, "unavailable", "The store is busy with a checkpoint. Try again in a minute.");
  const answer = await answerFor(state, request, path, url.searchParams, user);
  send(response, answer === null ? 204 : 200, answer);
}

async function answerFor(state, request, path, query, user) {
  const { world } = state;
  const get = request.method === "GET";
  const incident = /^\/incidents\/(\d+)(\/comments)?$/.exec(path);
  if (get && path === "/users") return users;
  if (get && path === "/incidents") return page(world, query);
  if (incident) {
    const found = world.incidents.get(Number(incident[1])) ?? refuse(404, "not_found", `There is no incident ${incident[1]}.`);
    if (get) return found;
    if (incident[2]) return comment(state, found, await body(request), user);
    return change(state, found, await body(request), user);
  }
  if (get && path === "/schema") return schema;
  if (path === "/query/check") return { tables: [], diagnostics: checkQuery((await body(request)).query), render: null, tookMs: 0.3 };
  if (path === "/query") {
    const asked = await body(request);
    if (asked.query.includes("sleep_forever")) await new Promise((_, fail) => request.socket.on("close", () => fail(new Refusal(499, "unavailable", "cancelled"))));
    return runQuery(asked.query, world.now, asked.limit || 10_000);
  }
  if (get && path === "/rules") return ruleList(state, query);
  const rule = /^\/rules\/(.+)$/.exec(path);
  if (get && rule) {
    const found = state.rules.find((r) => r.id === decodeURIComponent(rule[1])) ?? refuse(404, "not_found", "There is no such rule.");
    return ruleDetail(found, world.now);
  }
  if (get && path === "/sources") return { items: state.mode === "empty" ? [] : sources(Date.now()), refused: state.mode === "empty" ? [] : refused, stopped: "" };
  if (/^\/(dead-letters|holds|retention)/.test(path)) return keeping(state.mode, request.method, path, query, get ? {} : await body(request), Date.now()) ?? refuse(404, "not_found", "There is no such letter.");
  if (path.startsWith("/ingest/")) return ingest(state, await body(request));
  return refuse(404, "not_found", "There is nothing at this address.");
}

const session = (user) => ({ ...users.find((u) => u.user === user), expiresAt: new Date(Date.now() + 8 * 3600e3).toISOString(), version: "0.1.0-mock", isDemo: true });

function signIn(state, asked, response) {
  const ok = asked.link ? state.links.delete(asked.link) : asked.user === "amara" && asked.password === "tocsin";
  if (!ok) refuse(401, "denied", asked.link ? "This sign-in link is used up or has expired. Ask for a new one." : "User name and password do not match. Try again.");
  const token = randomUUID();
  state.sessions.set(token, "amara");
  response.setHeader("set-cookie", `tocsin_session=${token}; HttpOnly; SameSite=Strict; Path=/`);
  send(response, 200, session("amara"));
}

function stream(state, response) {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  response.write(": hello\n\n");
  state.streams.add(response);
  response.on("close", () => state.streams.delete(response));
}

function ruleList(state, query) {
  const limit = Number(query.get("limit") ?? 100), from = Number(query.get("cursor") || 0);
  const words = (query.get("q") ?? "").toLowerCase();
  const match = state.rules.filter((r) => (!query.get("state") || r.state === query.get("state")) && (!query.get("kind") || r.kind === query.get("kind")) && `${r.title} ${r.techniques}`.toLowerCase().includes(words));
  const on = state.rules.filter((r) => r.state === "on").length;
  return { items: match.slice(from, from + limit), total: match.length, next: from + limit < match.length ? String(from + limit) : "", on, off: state.rules.length - on };
}

export { summary };
