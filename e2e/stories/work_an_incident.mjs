import assert from "node:assert/strict";
import { openPage } from "../browser.mjs";

/** The main job: open the first incident, take it, say something, close it. */
export async function workAnIncident(context, { url }) {
  const page = await openPage(context);
  await page.goto(`${url}/incidents`);
  const queue = page.getByRole("grid", { name: "Incidents" });
  await queue.getByRole("row").nth(1).waitFor();
  const title = await queue.getByRole("row").nth(1).getByRole("link").innerText();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");

  await page.getByRole("heading", { level: 1, name: title }).waitFor();
  assert.ok((await page.getByRole("region", { name: "Attack story" }).getByRole("article").count()) > 0, "the story has no alert");
  const number = Number(new URL(page.url()).pathname.split("/").at(-1));

  await page.getByRole("button", { name: "Assign to me" }).click();
  const activity = page.getByRole("region", { name: "Activity" });
  await activity.getByText(/assigned/).first().waitFor();
  await page.getByRole("button", { name: "Assign to me" }).waitFor({ state: "detached" });

  const words = `Looked at the sign-ins <b>twice</b> & called the user. ${Date.now()}`;
  await page.keyboard.press("m");
  await page.getByRole("textbox", { name: "Comment" }).fill(words);
  await page.keyboard.press("Control+Enter");
  await activity.getByText(words).waitFor(); // as text: markup stays what was typed

  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Close incident" }).click();
  const panel = page.getByRole("dialog", { name: `Close incident ${number}` });
  assert.equal(await panel.getByRole("button", { name: "Close incident" }).isEnabled(), false, "closing needs a classification");
  await panel.getByRole("radio", { name: /^True positive/ }).click();
  await panel.getByRole("combobox", { name: "Determination" }).click();
  await page.getByRole("option", { name: "Compromised account" }).click();
  await panel.getByRole("textbox", { name: "Comment" }).fill("Sessions revoked, password reset.");
  await panel.getByRole("button", { name: "Close incident" }).click();
  await page.getByText("Closed · True positive, compromised account").waitFor();
  await page.getByRole("button", { name: "Reopen" }).waitFor();

  await page.keyboard.press("u");
  await queue.or(page.getByText("Nothing is waiting")).first().waitFor();
  await page.locator(`#incident-${number}`).waitFor({ state: "detached" }); // closed ones leave the default queue
  assert.deepEqual(page.faults, []);
  await page.close();
}
