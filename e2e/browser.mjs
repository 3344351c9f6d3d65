import { chromium } from "playwright-core";

const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

/** Starts Chromium: the system's, or the one TOCSIN_CHROMIUM names. */
export const openBrowser = () => chromium.launch({ executablePath: process.env.TOCSIN_CHROMIUM ?? "/usr/bin/chromium", args: flags });

/**
 * Opens a page of a browser context and collects what must never happen: errors
 * of scripts, and violations of the content security policy.
 */
export async function openPage(context) {
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.faults = [];
  page.on("pageerror", (error) => page.faults.push(`script: ${error.message}`));
  page.on("console", (message) => {
    // A refusal of the server is an answer, and what the stories expect in places.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) page.faults.push(message.text());
  });
  return page;
}

/** Replaces the text of the KQL editor and waits until the editor shows it. */
export async function writeQuery(page, query) {
  const editor = page.getByTestId("editor");
  await editor.locator(".view-line").first().waitFor();
  await editor.locator(".view-lines").click();
  await page.keyboard.press("Control+A");
  await page.keyboard.press("Delete");
  await page.keyboard.insertText(query);
  await editor.getByText(query.split("\n").at(-1).trim().split(" ").at(-1)).last().waitFor();
  await page.keyboard.press("Escape"); // closes the list of suggestions
}
