import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { openPage, writeQuery } from "../browser.mjs";
import { openLetter, sendVariety } from "./dead_letters.mjs";

export const folder = process.env.TOCSIN_SHOTS ?? join(import.meta.dirname, "../../docs/screens");

/** Takes the pictures of the documentation: queue, incident, hunting, dead letters, retention, dark and light. */
export async function screens(browser, session, { url, isMock }) {
  mkdirSync(folder, { recursive: true });
  for (const colorScheme of ["light", "dark"]) {
    const context = await browser.newContext({ storageState: session, viewport: { width: 1440, height: 900 }, colorScheme, reducedMotion: "reduce" });
    const page = await openPage(context);
    const shoot = (name) => page.screenshot({ path: join(folder, `${name}-${colorScheme}.png`) });
    await page.goto(`${url}/incidents?status=any`);
    if (!isMock) await bothAttacksFound(page);
    const rows = page.getByRole("grid", { name: "Incidents" }).getByRole("row");
    await rows.nth(1).waitFor();
    await page.getByRole("status").filter({ hasText: /^Live$/ }).waitFor();
    await shoot("queue");

    await page.goto(`${url}/incidents/${await richest(page, url)}`);
    await page.getByRole("region", { name: "Attack story" }).getByRole("article").first().waitFor();
    await shoot("incident");

    await page.goto(`${url}/hunting?range=all`);
    await writeQuery(page, "SigninLogs\n| extend Outcome = iff(ResultType == \"0\", \"success\", \"failure\")\n| summarize Sign_ins = count() by bin(TimeGenerated, 10m), Outcome\n| render timechart");
    await page.keyboard.press("Shift+Enter");
    await page.getByRole("img", { name: /Sign_ins by TimeGenerated/ }).waitFor();
    await page.locator("figure canvas").first().waitFor();
    await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
    await shoot("hunting");

    if (!isMock) {
      if (colorScheme === "light") await sendVariety(page);
      await openLetter(page, url);
      await shoot("dead-letters");

      await page.goto(`${url}/retention`);
      await page.getByRole("region", { name: "Tables" }).getByRole("row").nth(2).waitFor();
      await shoot("retention");
      if (colorScheme === "light") await setHolds(page);
      await page.goto(`${url}/retention?tab=holds`);
      await page.getByRole("region", { name: "Holds" }).getByRole("button", { name: /lukas/ }).click();
      await page.getByRole("complementary", { name: "Hold" }).getByText(/rows of \d+ tables/).waitFor();
      await shoot("retention-holds");
    }
    await context.close();
  }
}

/** Holds as two cases ask for them. */
const setHolds = (page) => page.evaluate(async () => {
  const holds = [{ table: "SigninLogs", from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z", reason: "Audit of November" }, { entity: "lukas.petrov2@fjordbank.example", incident: 2, reason: "Case 2026-17, legal department" }];
  for (const hold of holds) await fetch("/api/v1/holds", { method: "POST", headers: { "X-Tocsin-Request": "1", "content-type": "application/json" }, body: JSON.stringify(hold) });
});

/** Waits until the demonstration has played: the queue shows its two attacks with at least four alerts each. */
const bothAttacksFound = (page) => page.waitForFunction(() => {
  const alerts = [...document.querySelectorAll('[role="row"][id^="incident-"] [title*=" active of "]')].map((cell) => Number(cell.textContent.split("/")[1]));
  return alerts.filter((n) => n >= 4).length >= 2;
}, null, { timeout: 120_000 });

/** The number of the incident with the most alerts. */
const richest = (page, url) => page.evaluate(async (origin) => {
  const answer = await (await fetch(`${origin}/api/v1/incidents?limit=200`)).json();
  return answer.items.reduce((a, b) => (b.alertCount > a.alertCount ? b : a)).id;
}, url);
