import { expect, test } from "vitest";
import { formatRetention, parseRetention } from "./url";

test("the view round-trips, nonsense is left out", () => {
  const view = { tab: "holds", q: "Sign", sort: "-rows", hold: "hold-1" } as const;
  expect(parseRetention(formatRetention(view))).toEqual(view);
  expect(parseRetention({ tab: "attic", sort: "colour" })).toEqual({ tab: "tables", q: "", sort: "-bytes", hold: "" });
  expect(Object.values(formatRetention(parseRetention({}))).every((v) => v === undefined)).toBe(true);
});
