import assert from "node:assert/strict";
import { openPage } from "../browser.mjs";

/**
 * An incident appears in an open queue without a reload. The event is a
 * sign-in over IMAP of somebody nobody has heard of, which a built-in rule finds.
 */
export async function liveUpdate(context, { url }) {
  const page = await openPage(context);
  await page.goto(`${url}/incidents?status=any&sort=-id`);
  await page.getByRole("status").filter({ hasText: /^Live$/ }).waitFor();
  await page.getByRole("grid", { name: "Incidents" }).or(page.getByText("No incident fits these filters")).first().waitFor();
  await page.evaluate(() => { window.wasHere = true; });
  const before = await newest(page);
  const answer = await page.evaluate(async (name) => {
    const event = { TimeGenerated: new Date().toISOString(), UserPrincipalName: `${name}@contoso.example`, IPAddress: "198.51.100.199", ResultType: "0", ClientAppUsed: "IMAP4", AppDisplayName: "Exchange Online", UserId: name };
    const response = await fetch("/api/v1/ingest/SigninLogs", { method: "POST", headers: { "X-Tocsin-Request": "1", "content-type": "application/x-ndjson" }, body: JSON.stringify(event) });
    return { status: response.status, body: await response.text() };
  }, `visitor${Date.now()}`);
  assert.equal(answer.status, 200, answer.body);
  await page.waitForFunction((number) => {
    const first = document.querySelector('[role="grid"] [role="row"][id^="incident-"]');
    return first && Number(first.id.slice("incident-".length)) > number;
  }, before);
  assert.equal(await page.evaluate(() => window.wasHere), true, "the page was reloaded");
  assert.deepEqual(page.faults, []);
  await page.close();
}

/** The number of the newest incident in the queue; 0 when it is empty. */
const newest = (page) => page.evaluate(() => {
  const first = document.querySelector('[role="grid"] [role="row"][id^="incident-"]');
  return first ? Number(first.id.slice("incident-".length)) : 0;
});
