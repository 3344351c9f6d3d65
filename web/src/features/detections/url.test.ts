import { expect, test } from "vitest";
import { formatRules, parseRules } from "./url";

test("the view round-trips, nonsense is left out", () => {
  const view = { q: "lsass & co", state: "rejected", kind: "sigma", rule: "a/b c" };
  const address = new URLSearchParams(formatRules(view) as Record<string, string>).toString();
  expect(parseRules(Object.fromEntries(new URLSearchParams(address)))).toEqual(view);
  expect(parseRules({ state: "asleep", kind: "snort" })).toEqual({ q: "", state: "", kind: "", rule: "" });
  expect(Object.values(formatRules(parseRules({})))).toEqual([undefined, undefined, undefined, undefined]);
});
