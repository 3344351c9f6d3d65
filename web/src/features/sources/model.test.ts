import { expect, test } from "vitest";
import type { Source } from "../../api/types.gen";
import { deadLetterQuery, missing, shares, totals } from "./model";

const source = (change: Partial<Source>): Source => ({ id: "s", received: 100, stored: 90, duplicates: 5, deadLettered: 3, filtered: 2, rows: 95, lastAt: null, balanced: true, ...change });

test("the equation balances or says by how much not", () => {
  expect(missing(source({}))).toBe(0);
  expect(missing(source({ received: 103 }))).toBe(3);
});

test("small parts stay visible", () => {
  expect(shares(source({ received: 1_000_000, stored: 999_999, duplicates: 0, deadLettered: 1, filtered: 0 }))).toEqual([{ name: "stored", percent: 99.9999 }, { name: "deadLettered", percent: 0.6 }]);
  expect(shares(source({ received: 0, stored: 0, duplicates: 0, deadLettered: 0, filtered: 0 }))).toEqual([]);
});

test("totals add up, one imbalance is one too many", () => {
  const sum = totals([source({ lastAt: "2026-11-21T10:00:00Z" }), source({ lastAt: "2026-11-21T11:00:00Z", balanced: false })]);
  expect([sum.received, sum.rows, sum.lastAt, sum.balanced]).toEqual([200, 190, "2026-11-21T11:00:00Z", false]);
});

test("a source's name cannot leave its quotes", () => {
  expect(deadLetterQuery('a" or "b')).toContain('== "a\\" or \\"b"');
});
