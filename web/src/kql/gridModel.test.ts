import { expect, test } from "vitest";
import { arrange, cellText, compareCells, shownText, ticks, widths } from "./gridModel";

const columns = [{ name: "Name", type: "string" }, { name: "N", type: "long" }, { name: "D", type: "dynamic" }];
const rows = [["b10", 5, { a: 1 }], ["B9", null, null], ["a", 40, [1]], ["", 5, "x"]];

test("cells as text", () => {
  expect(cellText({ a: [1, null] })).toBe('{"a":[1,null]}');
  expect(cellText(null)).toBe("");
  expect(cellText(false)).toBe("false");
  expect(shownText("2026-11-21T14:02:07.1234567Z", "datetime")).toBe("2026-11-21 14:02:07.123");
  expect(shownText("2026-11-21T14:02:07Z", "datetime")).toBe("2026-11-21 14:02:07");
  expect(shownText("x".repeat(900), "string").length).toBe(401);
});

test("sorting is by type, stable, and nulls come last both ways", () => {
  expect(arrange(columns, rows, {}, { column: 1, descending: false })).toEqual([0, 3, 2, 1]);
  expect(arrange(columns, rows, {}, { column: 1, descending: true })).toEqual([2, 0, 3, 1]);
  expect(arrange(columns, rows, {}, { column: 0, descending: false })).toEqual([3, 2, 1, 0]);
});

test("filters are contained, any case, and add up", () => {
  expect(arrange(columns, rows, { 0: "B" }, null)).toEqual([0, 1]);
  expect(arrange(columns, rows, { 0: "b", 1: "5" }, null)).toEqual([0]);
  expect(arrange(columns, rows, { 2: '"a":1' }, null)).toEqual([0]);
});

test("integers beyond 2^53 keep their order", () => {
  expect(compareCells("9223372036854775806", "9223372036854775807", "long")).toBe(-1);
  expect(compareCells(3, "9223372036854775807", "long")).toBeLessThan(0);
});

test.each([["00:00:01", 1e7], ["1.02:03:04.5", ((26 * 60 + 3) * 60 + 4) * 1e7 + 5e6], ["-00:01:00", -6e8], ["00:00:00.0000001", 1]])("timespan %s", (text, want) => {
  expect(ticks(text)).toBe(want);
});

test("widths follow the content within bounds", () => {
  const [name, , wide] = widths([{ name: "A", type: "int" }, { name: "B", type: "int" }, { name: "C", type: "string" }], [[1, 2, "x".repeat(500)]]);
  expect(name).toBe(64);
  expect(wide).toBe(340);
});
