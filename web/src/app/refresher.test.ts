import { afterEach, expect, test, vi } from "vitest";
import { keysOf, Refresher, type Key } from "./refresher";

afterEach(() => { vi.useRealTimers(); });

test("a change names the queries that show it", () => {
  expect(keysOf({ kind: "incident", incidentId: 7, at: "" })).toEqual([["incidents"], ["incident", 7]]);
  expect(keysOf({ kind: "source", at: "" })).toEqual([["sources"]]);
  expect(keysOf({ kind: "reload", at: "" })).toContainEqual(["incident"]);
  expect(keysOf({ kind: "future", at: "" })).toEqual([]);
});

test("a burst refreshes each key once", () => {
  vi.useFakeTimers();
  const seen: Key[] = [];
  const refresher = new Refresher((key) => seen.push(key));
  for (let i = 0; i < 1000; i++) refresher.ask(keysOf({ kind: "incident", incidentId: i % 2, at: "" }));
  expect(seen).toEqual([]);
  vi.advanceTimersByTime(400);
  expect(seen).toEqual([["incidents"], ["incident", 1]]);
  refresher.ask([["sources"]]);
  refresher.stop();
  vi.advanceTimersByTime(1000);
  expect(seen.length).toBe(2);
});
