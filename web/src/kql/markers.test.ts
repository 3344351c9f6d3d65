import { expect, test } from "vitest";
import { place } from "./markers";

const at = (start: number, end: number) => ({ code: "KQL2001", severity: "error", message: "", hint: "", start, end, line: 1, column: 1 });

test("byte offsets of a query become places in the editor", () => {
  const query = 'T | where ä == "😀" and Foo';
  const start = new TextEncoder().encode(query.slice(0, query.indexOf("Foo"))).length;
  const [d] = place([at(start, start + 3)], query, 100);
  expect([d!.from, d!.to]).toEqual([100 + query.indexOf("Foo"), 100 + query.indexOf("Foo") + 3]);
});

test("an empty place still covers a character", () => {
  const [d] = place([at(2, 2)], "T |", 0);
  expect([d!.from, d!.to]).toEqual([2, 3]);
});
