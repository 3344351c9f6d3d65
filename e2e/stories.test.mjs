import { after, before, test } from "node:test";
import { openBrowser } from "./browser.mjs";
import { openServer } from "./server.mjs";
import { accessible } from "./stories/accessible.mjs";
import { deadLetters } from "./stories/dead_letters.mjs";
import { hunt } from "./stories/hunt.mjs";
import { liveUpdate } from "./stories/live_update.mjs";
import { retention } from "./stories/retention.mjs";
import { screens } from "./stories/screens.mjs";
import { signIn } from "./stories/sign_in.mjs";
import { workAnIncident } from "./stories/work_an_incident.mjs";

// One server and one session for all stories: the sign-in link works once.
let server;
let browser;
let context;

before(async () => {
  server = await openServer();
  browser = await openBrowser();
  context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

test("sign in with a one-time link", () => signIn(browser, context, server));
test("an incident appears without a reload", () => liveUpdate(context, server));
test("dead letters: found, mended, replayed, discarded", { skip: !!process.env.TOCSIN_MOCK }, () => deadLetters(browser, context, server));
test("screens for the documentation", async () => screens(browser, await context.storageState(), server));
test("every page meets WCAG 2.1 AA", async () => accessible(browser, await context.storageState(), server));
test("open, assign, comment on and close an incident", () => workAnIncident(context, server));
test("retention: what went, what a hold keeps, a full disk", { skip: !!process.env.TOCSIN_MOCK }, () => retention(browser));
test("hunt: rows, a chart, an error with its place", () => hunt(context, server));
