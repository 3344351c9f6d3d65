import assert from "node:assert/strict";
import { openPage, writeQuery } from "../browser.mjs";

/** A hunt that finds rows, one that draws, and one with an error that says where. */
export async function hunt(context, { url }) {
  const page = await openPage(context);
  await page.goto(`${url}/hunting?range=all`);
  await writeQuery(page, "SigninLogs\n| take 20");
  await page.keyboard.press("Shift+Enter");
  const results = page.getByRole("grid", { name: "Results" });
  await results.getByRole("gridcell").first().waitFor();
  await page.getByText(/^20 rows · /).waitFor();
  assert.match(page.url(), /q=SigninLogs/, "the query is not in the address");

  await results.getByRole("gridcell").first().dblclick();
  await page.getByRole("complementary", { name: "Record 1" }).getByText("_EventId").waitFor();

  await writeQuery(page, "SigninLogs\n| summarize Sign_ins = count() by bin(TimeGenerated, 1h)\n| render timechart");
  await page.getByRole("button", { name: "Run query" }).click();
  await page.getByRole("img", { name: /Sign_ins by TimeGenerated/ }).waitFor();

  await writeQuery(page, "SigninLogs\n| where UserPrincipal == \"nobody\"");
  await page.keyboard.press("Control+Enter");
  const refusal = page.getByRole("alert").filter({ hasText: "The query was not run" });
  await refusal.waitFor();
  assert.match(await refusal.innerText(), /UserPrincipal/);
  assert.match(await refusal.innerText(), /KQL\d+ at 2:9/);
  await page.locator(".squiggly-error").waitFor();

  await page.reload();
  await page.getByTestId("editor").getByText("UserPrincipal").first().waitFor(); // the address brought it back
  assert.deepEqual(page.faults, []);
  await page.close();
}
