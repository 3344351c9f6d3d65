import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openPage } from "../browser.mjs";
import { newFolder, run, start } from "../server.mjs";
import { violations } from "./accessible.mjs";
import { folder } from "./screens.mjs";

const people = 400;
const rows = 120_000;

/** Sign-ins of some weeks, as lines of JSON. */
function signIns() {
  const first = Date.parse("2026-09-01T00:00:00Z");
  return Array.from({ length: rows }, (_, i) => JSON.stringify({
    TimeGenerated: new Date(first + i * 45_000).toISOString(), UserPrincipalName: `user${i % people}@contoso.example`, IPAddress: `198.51.${i % 251}.${(i * 7) % 253}`,
    ResultType: i % 17 ? "0" : "50126", CorrelationId: `${i}-${(i * 2_654_435_761) % 4_294_967_296}`, AppDisplayName: ["Exchange Online", "SharePoint", "Teams"][i % 3],
  })).join("\n");
}

/**
 * A store over its bound: what went and why, what a hold kept from going; a hold
 * is counted, set and released; a disk that is nearly full stops the intake and
 * says so.
 */
export async function retention(browser) {
  const data = newFolder();
  const [file, keep] = [join(data, "signins.jsonl"), join(data, "retention.yaml")];
  writeFileSync(file, signIns());
  writeFileSync(keep, "store:\n  bytes: 500GB\ntables:\n  SigninLogs: {days: forever, bytes: 3MB}\n  AuditLogs: {days: 400}\n");
  const store = join(data, "store");
  try {
    await run(["import", file, "--table", "SigninLogs", "--data", store]);
    await run(["hold", "add", "--data", store, "--table", "SigninLogs", "--entity", "user7@contoso.example", "--reason", "Case 2026-17, legal department"]);
    let server = await start(["serve", "--data", store, "--addr", "127.0.0.1:0", "--retention", keep, "--min-free", "1MiB"]);
    const session = await work(browser, server).finally(() => server.stop());
    server = await start(["serve", "--data", store, "--addr", "127.0.0.1:0", "--min-free", "900TiB"]);
    await fullDisk(browser, session, server).finally(() => server.stop());
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}

async function work(browser, { url, link }) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: "reduce" });
  const page = await openPage(context);
  await page.goto(link);
  await page.getByRole("navigation", { name: "Pages" }).waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("r");
  await page.getByRole("heading", { level: 1, name: "Retention" }).waitFor();

  await page.keyboard.press("3");
  const deleted = page.getByRole("region", { name: "What was deleted" });
  await pollFor(page, () => deleted.getByRole("row", { name: /SigninLogs/ }).first());
  const line = await deleted.getByRole("row", { name: /SigninLogs/ }).first().innerText();
  assert.match(line, /The table had [\d.]+ MiB, its bound is 2\.9 MiB/);
  assert.match(line, /\t[1-9]\d*\t/, "nothing was held back");

  await page.keyboard.press("1");
  await page.keyboard.press("/");
  await page.keyboard.type("signin");
  const table = page.getByRole("region", { name: "Tables" }).getByRole("row", { name: /^SigninLogs/ });
  await table.waitFor();
  assert.match(await table.innerText(), /for ever.*not 90 days/s);
  assert.match(await table.innerText(), /2\.9 MiB/);
  const left = Number(/\t([\d,]+)\t/.exec(await table.innerText())[1].replaceAll(",", ""));
  assert.ok(left > 0 && left < rows, `${left} rows are left`);
  await page.keyboard.press("Escape");

  await page.getByRole("button", { name: "Set a hold…" }).click();
  const panel = page.getByRole("dialog", { name: "Set a hold" });
  await panel.getByText("Without a condition it holds every row").waitFor();
  await panel.getByRole("combobox", { name: "Table" }).or(panel.getByLabel("Table", { exact: true })).first().fill("SigninLogs");
  await panel.getByLabel("Text that occurs in the row").fill("USER7@contoso.example");
  await panel.getByRole("button", { name: "Count what it would keep" }).click();
  await panel.getByText("300 rows of 1 table").waitFor(); // one in 400, all kept by the first hold
  assert.equal(await panel.getByRole("button", { name: "Set hold" }).isEnabled(), false, "a hold needs a reason");
  await panel.getByLabel("Why").fill("Case 2026-18, <b>second</b> request");
  await panel.getByRole("button", { name: "Set hold" }).click();
  const pane = page.getByRole("complementary", { name: "Hold" });
  await pane.getByText("300 rows of 1 table").waitFor();
  await pane.getByText("Case 2026-18, <b>second</b> request").waitFor();
  await page.getByText(/The hold hold-\w+ stands/).waitFor();
  assert.deepEqual(await violations(page), [], "a hold");
  await page.getByRole("button", { name: "Dismiss" }).click();

  await pane.getByRole("button", { name: "Release…" }).click();
  const release = page.getByRole("dialog", { name: "Release a hold" });
  await release.getByLabel("Why").fill("The request was withdrawn.");
  assert.equal(await release.getByRole("button", { name: "Release hold" }).isEnabled(), false, "releasing needs a confirmation");
  await release.getByRole("checkbox").check();
  await release.getByRole("button", { name: "Release hold" }).click();
  await pane.getByText("The request was withdrawn.").waitFor();
  await page.getByText(/The hold hold-\w+ is released/).waitFor();

  for (const tab of ["holds", "deletions", "tables"]) {
    await page.goto(`${url}/retention?tab=${tab}`);
    await page.getByRole("region", { name: { holds: "Holds", deletions: "What was deleted", tables: "Tables" }[tab] }).waitFor();
    for (const colorScheme of ["dark", "light"]) {
      await dress(page, colorScheme);
      assert.deepEqual(await violations(page), [], `${tab} in ${colorScheme}`);
    }
  }
  assert.deepEqual(page.faults, []);
  const session = await context.storageState();
  await context.close();
  return session;
}

/** With less free than the mark, senders are told to come back and the page says why; what is there can be worked with. */
async function fullDisk(browser, session, { url }) {
  const context = await browser.newContext({ storageState: session, viewport: { width: 1440, height: 900 }, reducedMotion: "reduce" });
  const page = await openPage(context);
  await page.goto(`${url}/retention`);
  await page.getByRole("status").filter({ hasText: "The intake is stopped." }).waitFor();
  const answer = await page.evaluate(async () => (await fetch("/api/v1/ingest/SigninLogs", { method: "POST", headers: { "X-Tocsin-Request": "1" }, body: "{}" })).status);
  assert.equal(answer, 429);
  await page.getByRole("region", { name: "Tables" }).getByRole("row", { name: /^SigninLogs/ }).waitFor();
  assert.deepEqual(await violations(page), [], "a full disk");
  await shoot(page, "retention-full");
  assert.deepEqual(page.faults, []);
  await context.close();
}

/** Changes the theme and waits until it is drawn. */
async function dress(page, colorScheme) {
  await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
  await page.waitForFunction((theme) => document.documentElement.dataset.theme === theme, colorScheme);
  await page.evaluate(() => Promise.all(document.getAnimations().map((a) => a.finished.catch(() => {}))));
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
}

/** Takes a picture in both themes. */
async function shoot(page, name) {
  for (const colorScheme of ["dark", "light"]) {
    await dress(page, colorScheme);
    await page.screenshot({ path: join(folder, `${name}-${colorScheme}.png`) });
  }
}

/** Reloads until what retention does in the background is there. */
async function pollFor(page, find) {
  for (let tries = 0; tries < 60; tries++) {
    if (await find().waitFor({ timeout: 2000 }).then(() => true, () => false)) return;
    await page.reload();
  }
  throw new Error("retention deleted nothing");
}
