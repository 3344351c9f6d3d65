import { expect, test } from "vitest";
import type { Source } from "../../api/types.gen";
import { bars, missing, notes, shares, totals } from "./model";

const source = (change: Partial<Source>): Source => ({ id: "s", received: 100, stored: 90, duplicates: 5, deadLettered: 3, filtered: 2, rows: 95, replayed: 0, discarded: 0, lastAt: null, balanced: true, hours: [], skewSeconds: 0, ahead: 0, lastAhead: null, shortened: 0, lastShortened: null, drift: 0, opened: null, ...change });

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

test("hours add up by their place, and one with anything is seen", () => {
  expect(totals([source({ hours: [1, 2, 0] }), source({ hours: [0, 5, 7] }), source({})]).hours).toEqual([1, 7, 7]);
  expect(bars([0, 1, 1000])).toEqual([0, 6, 100]);
});

test("notes say what is wrong, the worst first", () => {
  const now = Date.parse("2026-11-22T12:00:00Z");
  const opened = { state: "failed", detail: "udp://0.0.0.0:514", since: "2026-11-22T11:00:00Z", lastError: "The port is taken.", lastErrorAt: "2026-11-22T11:00:00Z", connections: 0, refused: [], refusedMore: 0 };
  expect(notes(source({ opened, drift: 2, skewSeconds: -300 }), now).map((n) => [n.tone, n.text])).toEqual([["bad", "cannot be opened"], ["warn", "clock 5 min ahead"], ["plain", "2 fields without a column"]]);
  const refused = [{ path: "/logs/bomb.gz", reason: "It unpacks to too much.", at: "2026-11-22T11:00:00Z" }];
  expect(notes(source({ opened: { ...opened, state: "stopped", lastErrorAt: null, refused, refusedMore: 2 } }), now)).toEqual([{ tone: "warn", text: "3 files not read", title: "/logs/bomb.gz: It unpacks to too much." }]);
  expect(notes(source({ opened: { ...opened, state: "connected", lastErrorAt: "2026-11-22T09:00:00Z" } }), now)).toEqual([{ tone: "plain", text: "udp://0.0.0.0:514" }]);
  expect(notes(source({}), now)).toEqual([]);
  expect(notes(source({ id: 'a" or "b', drift: 1 }), now)[0]?.query).toContain('== "a\\" or \\"b"');
});
