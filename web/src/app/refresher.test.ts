import { afterEach, expect, test, vi } from "vitest";
import { keysOf, Refresher, type Key } from "./refresher";

afterEach(() => { vi.useRealTimers(); });

test("a change names the queries that show it", () => {
  expect(keysOf({ kind: "incident", incidentId: 7, at: "" })).toEqual([["incidents"], ["incident", 7]]);
  expect(keysOf({ kind: "source", at: "" })).toEqual([["sources"]]);
  expect(keysOf({ kind: "reload", at: "" })).toContainEqual(["incident"]);
  expect(keysOf({ kind: "future", at: "" })).toEqual([]);
});

test("a burst refreshes each key once", async () => {
  vi.useFakeTimers();
  const seen: Key[] = [];
  const refresher = new Refresher(async (key) => seen.push(key));
  for (let i = 0; i < 1000; i++) refresher.ask(keysOf({ kind: "incident", incidentId: i % 2, at: "" }));
  expect(seen).toEqual([]);
  await vi.advanceTimersByTimeAsync(400);
  expect(seen).toEqual([["incidents"], ["incident", 1]]);
  refresher.ask([["sources"]]);
  refresher.stop();
  await vi.advanceTimersByTimeAsync(1000);
  expect(seen.length).toBe(2);
});

test("changes during a slow refresh wait for it, then count once", async () => {
  vi.useFakeTimers();
  const ends: (() => void)[] = [];
  const refresher = new Refresher(() => new Promise<void>((end) => ends.push(end)));
  refresher.ask([["incidents"]]);
  await vi.advanceTimersByTimeAsync(400);
  for (let i = 0; i < 50; i++) {
    refresher.ask([["incidents"]]);
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(ends.length).toBe(1);
  ends[0]!();
  await vi.advanceTimersByTimeAsync(400);
  expect(ends.length).toBe(2);
});
