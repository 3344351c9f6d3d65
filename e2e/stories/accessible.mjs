import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { openPage } from "../browser.mjs";
import { openLetter } from "./dead_letters.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Every page meets WCAG 2.1 AA as far as a machine can tell, contrast included, in both themes. */
export async function accessible(browser, session, { url, isMock }) {
  for (const colorScheme of ["light", "dark"]) {
    const context = await browser.newContext({ storageState: session, viewport: { width: 1440, height: 900 }, colorScheme, reducedMotion: "reduce" });
    const page = await openPage(context);
    for (const [path, ready] of [["/incidents?status=any", '[role="row"][id^="incident-"]'], ["/detections", '[role="row"][id^="rule-"]'], ["/sources", "table"], ["/hunting", '[data-testid="editor"] .view-line']]) {
      await page.goto(url + path);
      await page.locator(ready).first().waitFor();
      assert.deepEqual(await violations(page), [], `${path} in ${colorScheme}`);
      if (!path.startsWith("/incidents")) continue;
      await page.keyboard.press("j");
      await page.keyboard.press("Enter");
      await page.getByRole("article").first().waitFor();
      assert.deepEqual(await violations(page), [], `the first incident in ${colorScheme}`);
    }
    if (!isMock) {
      await openLetter(page, url);
      await page.getByRole("button", { name: "Replace a text" }).click();
      await page.getByRole("button", { name: "Try, store nothing" }).click();
      await page.getByText("1 record would be stored.").waitFor();
      assert.deepEqual(await violations(page), [], `a dead letter in ${colorScheme}`);
      await page.getByRole("button", { name: /^Discard all/ }).click();
      await page.getByRole("dialog").waitFor();
      assert.deepEqual(await violations(page), [], `giving letters up in ${colorScheme}`);
    }
    await context.close();
  }
}

/** What axe finds. Fluent's focus sentinels and the inside of the editor are not ours to mend. */
export async function violations(page) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run({ exclude: [["[data-tabster-dummy]"], [".monaco-editor"]] }, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] }));
  return found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => `${n.target.join(" ")} ${n.any[0]?.message ?? ""}`).slice(0, 3).join("; ")}`);
}
