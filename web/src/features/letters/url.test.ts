import { expect, test } from "vitest";
import { defaultView, formatLetters, parseLetters, queryOf } from "./url";

test("the view round-trips, nonsense is left out", () => {
  const view = { state: "all", source: "hec:a&b", q: "not JSON", since: "7d", kind: 'table "…" line #', table: "-", of: "hec:a", letter: "4f0c" };
  const address = new URLSearchParams(formatLetters(view) as Record<string, string>).toString();
  expect(parseLetters(Object.fromEntries(new URLSearchParams(address)))).toEqual(view);
  expect(parseLetters({ state: "lost", since: "toString", table: "X" })).toEqual(defaultView);
  expect(Object.values(formatLetters(defaultView)).every((v) => v === undefined)).toBe(true);
});

test("groups are counted over everything that fits, letters come from the group", () => {
  const now = Date.parse("2026-11-22T12:00:00Z");
  const view = { ...defaultView, source: "", since: "1h", kind: "k", table: "-", of: "http:a" };
  expect(queryOf(view, false, now)).toEqual({ state: "open", source: undefined, reason: undefined, since: "2026-11-22T11:00:00.000Z", kind: undefined, table: undefined });
  expect(queryOf(view, true, now)).toMatchObject({ kind: "k", table: "-", source: "http:a" });
});
