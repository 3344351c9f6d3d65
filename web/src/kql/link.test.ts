import { expect, test } from "vitest";
import { boundsOf, defaultRange, formatHunt, parseHunt, type HuntView } from "./link";

test.each<HuntView>([
  { query: "SigninLogs | where A == \"x & y = z\" // ü 😀\n| take 5", range: defaultRange },
  { query: "T", range: { preset: "all" } },
  { query: "", range: { preset: "7d" } },
  { query: "a+b%20c#d", range: { from: "2026-11-20T00:00:00Z", to: "2026-11-21T12:30:00.5Z" } },
])("%j round-trips through the address", (view) => {
  const defined = Object.fromEntries(Object.entries(formatHunt(view)).filter(([, v]) => v !== undefined)) as Record<string, string>;
  const address = new URLSearchParams(defined).toString();
  expect(parseHunt(Object.fromEntries(new URLSearchParams(address)))).toEqual(view);
});

test("a bad range becomes the default", () => {
  for (const bad of [{ range: "3w" }, { range: "toString" }, { from: "yesterday", to: "now" }, { from: "2026-11-21T00:00:00Z", to: "2026-11-20T00:00:00Z" }]) {
    expect(parseHunt(bad).range).toEqual(defaultRange);
  }
});

test("bounds are counted back from now", () => {
  const now = Date.parse("2026-11-21T12:00:00Z");
  expect(boundsOf({ preset: "1h" }, now)).toEqual({ from: "2026-11-21T11:00:00.000Z", to: "2026-11-21T12:00:00.000Z" });
  expect(boundsOf({ preset: "all" }, now)).toEqual({});
});
