import assert from "node:assert/strict";
import { openPage, writeQuery } from "../browser.mjs";

const mark = `letter${Date.now()}`;
const signIn = (name, more) => `{"TimeGenerated":"2026-11-22T02:10:00Z","UserPrincipalName":"${mark}-${name}@contoso.example","IPAddress":"198.51.100.7","ResultType":"0"${more}`;

/** Broken records as real senders make them, sent through the HTTP door: what no JSON is, what was cut off, what is hostile. */
export async function sendBroken(page) {
  const lines = [signIn("a", ',"Latency":NaN}'), signIn("b", ',"Latency":NaN}'), signIn("c", ',"Latency":NaN}'), signIn("cut", ',"AppDisplay'), "<script>window.wasRun = true</script> \u202egnp.exe"];
  const answer = await page.evaluate(async (body) => {
    const response = await fetch("/api/v1/ingest/SigninLogs", { method: "POST", headers: { "X-Tocsin-Request": "1", "content-type": "application/x-ndjson" }, body });
    return { status: response.status, body: await response.json() };
  }, lines.join("\n"));
  assert.equal(answer.status, 200);
  assert.equal(answer.body.deadLettered, 5);
}

/** What a week with badly set up shippers leaves behind: for pictures. */
export async function sendVariety(page) {
  const many = (n, line) => Array.from({ length: n }, (_, i) => line(i)).join("\n");
  const bodies = [
    ["", many(140, (i) => `{"ts":"2026-11-22T02:${10 + (i % 50)}:04Z","app":"payments","msg":"payment ${i} accepted","customer":{"id":"c-${i}","country":"SE"}}`)],
    ["/DeviceProcessEvents", "2026-11-22 02:14:07 INFO worker-3 <b>job</b> 4711 done\n2026-11-22 02:14:09 INFO worker-1 job 4712 done"],
    ["/SecurityEvent", many(6, (i) => `{"TimeGenerated":"2026-11-22T02:2${i}:00Z","Computer":"DC-0${i}","EventID":4625,"TargetUserName":"svc_backup","IpAd`)],
    ["/SigninLogs", many(40, (i) => `{"TimeGenerated":"2026-11-22T02:${10 + i}:00Z","UserPrincipalName":"user${i}@contoso.example","IPAddress":"198.51.100.${i}","ResultType":"0","Latency":NaN}`)],
  ];
  for (const [table, body] of bodies) await page.evaluate(([path, text]) => fetch(`/api/v1/ingest${path}`, { method: "POST", headers: { "X-Tocsin-Request": "1", "content-type": "application/x-ndjson" }, body: text }), [table, body]);
}

/** Opens a letter whose record is wrong at one byte. */
export async function openLetter(page, url) {
  await page.goto(`${url}/dead-letters`);
  await page.getByRole("region", { name: "Reasons" }).getByRole("button", { name: /Invalid JSON at byte/ }).click();
  await page.getByText(/letters, newest first/).waitFor();
  await page.locator('[role="row"][id^="letter-"]').nth(2).click();
  await page.getByRole("complementary", { name: "Letter" }).locator("mark").waitFor();
}

/** Records that could not become events are found, tried, mended by KQL on the way, replayed and seen stored; one is discarded with a reason. */
export async function deadLetters(browser, context, { url, invite }) {
  const page = await openPage(context);
  await page.goto(`${url}/dead-letters`);
  await page.getByRole("heading", { level: 1, name: "Dead letters" }).waitFor();
  await sendBroken(page);
  await page.reload();
  const letters = page.getByRole("grid", { name: "Dead letters" });
  const reasons = page.getByRole("region", { name: "Reasons" });

  await reasons.getByRole("button", { name: /Invalid JSON at byte/ }).click();
  await page.getByText("3 letters, newest first").waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  const pane = page.getByRole("complementary", { name: "Letter" });
  await pane.getByText("Invalid JSON at byte").first().waitFor();
  assert.equal(await pane.locator("mark").innerText(), "N", "the byte that is wrong is not marked");
  await pane.getByRole("button", { name: "Try, store nothing" }).click();
  await pane.getByText("1 would stay dead.").waitFor();
  await pane.getByRole("button", { name: "Replace a text" }).click();
  await pane.getByRole("button", { name: "Try, store nothing" }).click();
  await pane.getByText("1 record would be stored.").waitFor();
  await pane.getByRole("row", { name: /UserPrincipalName/ }).getByText(mark).waitFor();
  await page.keyboard.press("Tab");
  await pane.getByRole("button", { name: "Close letter" }).click();

  await page.getByRole("button", { name: "Replay all 3…" }).click();
  const panel = page.getByRole("dialog", { name: "Replay 3 letters" });
  await panel.getByRole("button", { name: "Replace a text" }).click();
  await panel.getByRole("button", { name: "Replay 3 letters" }).click();
  await panel.getByText("3 records stored as 3 rows.").waitFor();
  await panel.getByRole("button", { name: "Close" }).click();
  await page.getByText("Replayed 3 letters: 3 records stored as 3 rows.").waitFor();
  await reasons.getByRole("button", { name: /Invalid JSON at byte/ }).waitFor({ state: "detached" });

  await page.goto(`${url}/dead-letters?source=&q=ends+early`);
  await letters.getByRole("row").nth(1).click();
  await pane.getByText("It was cut off on its way").waitFor();
  await pane.getByRole("button", { name: "Discard it…" }).click();
  const why = page.getByRole("dialog", { name: "Discard 1 letter" });
  assert.equal(await why.getByRole("button", { name: "Discard 1 letter" }).isEnabled(), false, "discarding needs a reason");
  await why.getByRole("textbox", { name: "Why" }).fill("The sender lost power.");
  await why.getByRole("button", { name: "Discard 1 letter" }).click();
  await page.getByText("1 letter discarded. They stay listed").waitFor();
  await page.goto(`${url}/dead-letters?state=discarded`);
  await letters.getByRole("row").nth(1).click();
  await pane.getByText("The sender lost power.").waitFor();

  await page.goto(`${url}/dead-letters?q=not+a+JSON+object`);
  await letters.getByRole("row").filter({ hasText: "<script>" }).first().click();
  await pane.getByRole("region", { name: "Record" }).getByText("</script> \\u{202e}gnp.exe").waitFor(); // as text, and what is invisible is written out
  assert.equal(await page.evaluate(() => window.wasRun), undefined);

  await page.goto(`${url}/hunting?range=all`);
  await writeQuery(page, `SigninLogs\n| where UserPrincipalName startswith "${mark}"`);
  await page.keyboard.press("Shift+Enter");
  await page.getByText(/^3 rows · /).waitFor();
  assert.deepEqual(page.faults, []);
  await page.close();
  if (invite) await readersOnlyLook(browser, { url, invite });
}

/** Who may not replay is not offered it; where a page offers it all the same, the server refuses and the page says so calmly. */
async function readersOnlyLook(browser, { url, invite }) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await openPage(context);
  await page.goto(await invite(`reader${Date.now()}`, "reader"));
  await page.getByRole("navigation", { name: "Pages" }).waitFor();
  await page.goto(`${url}/dead-letters`);
  await page.getByText("Replaying and discarding need the role Contributor; you are Reader.").waitFor();
  assert.equal(await page.getByRole("button", { name: /^Replay/ }).count(), 0);

  await page.route("**/api/v1/session", async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: { ...(await answer.json()), role: "admin" } });
  });
  await page.reload();
  await page.getByRole("button", { name: /^Replay/ }).first().click();
  const panel = page.getByRole("dialog");
  await panel.getByRole("button", { name: /^Replay/ }).click();
  await panel.getByRole("status").filter({ hasText: "This needs the role contributor. You are reader." }).waitFor();
  assert.equal(await panel.getByRole("alert").count(), 0);
  assert.deepEqual(page.faults, []);
  await context.close();
}
