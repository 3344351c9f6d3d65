import { expect, test } from "vitest";
import { choices } from "./palette";

const titles = (text: string) => choices(["go.hunting", "go.incidents", "theme.dark", "queue.assignMe", "queue.next"], text).map((c) => c.title);

test("without text the page's own actions come first and movement is left out", () => {
  expect(titles("")).toEqual(["Assign to me", "Go to hunting", "Go to incidents", "Theme: dark"]);
});

test("text filters and ranks", () => {
  expect(titles("dark")[0]).toBe("Theme: dark");
  expect(titles("hunt")).toEqual(["Go to hunting"]);
});

test("a number opens that incident", () => {
  expect(titles("#1042")).toEqual(["Open incident 1042"]);
  expect(titles("10x")).toEqual([]);
});
