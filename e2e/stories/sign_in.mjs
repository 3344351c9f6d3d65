import assert from "node:assert/strict";
import { openPage } from "../browser.mjs";

/** Redeems the one-time link; it leaves no trace in the address or the history and works once. */
export async function signIn(browser, context, { url, link }) {
  const page = await openPage(context);
  await page.goto(link);
  await page.getByRole("navigation", { name: "Pages" }).waitFor();
  assert.ok(!page.url().includes("link="), "the token is still in the address");
  await page.goBack().catch(() => null);
  assert.ok(!page.url().includes("link="), "the token is in the history");
  assert.deepEqual(page.faults, []);
  await page.close();

  const stranger = await browser.newContext();
  const second = await openPage(stranger);
  await second.goto(link);
  await second.getByRole("alert").waitFor();
  assert.equal(await second.getByRole("button", { name: "Sign in" }).isVisible(), true, "a used link must lead to the sign-in form");
  await second.goto(`${url}/incidents/1`);
  await second.getByLabel("User name").waitFor(); // every address asks for a session
  await stranger.close();
}
