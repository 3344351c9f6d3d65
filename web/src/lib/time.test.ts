import { expect, test } from "vitest";
import { ago, clock, day, readTime, span, utc } from "./time";

const now = Date.parse("2026-11-21T14:00:00Z");

test.each([
  [0, "0s"], [999, "1s"], [59_000, "59s"], [60_000, "1m"], [725_000, "12m 5s"], [3_600_000, "1h"], [273_600_000, "3d 4h"], [-5, "0s"],
])("span %d is %s", (ms, want) => expect(span(ms)).toBe(want));

test.each([
  ["2026-11-21T13:59:58Z", "now"], ["2026-11-21T13:59:30Z", "30s"], ["2026-11-21T13:01:00Z", "59m"], ["2026-11-20T14:00:00Z", "1d"], ["2026-11-21T14:05:00Z", "in 5m"],
])("%s was %s ago", (time, want) => expect(ago(time, now)).toBe(want));

test("exact times are UTC and survive ticks", () => {
  expect(utc("2026-11-21T14:02:07.1234567Z")).toBe("2026-11-21 14:02:07 UTC");
  expect(clock("2026-11-21T23:02:07-02:00")).toBe("01:02:07");
  expect(day("2026-11-21T23:02:07-02:00")).toBe("2026-11-22");
  expect(utc("nonsense")).toBe("nonsense");
});

test("typed times are UTC and exact", () => {
  expect(readTime("2026-11-21")).toBe("2026-11-21T00:00:00.000Z");
  expect(readTime(" 2026-11-21 14:05 UTC")).toBe("2026-11-21T14:05:00.000Z");
  expect(readTime("2026-11-21T14:05:09Z")).toBe("2026-11-21T14:05:09.000Z");
  for (const bad of ["", "yesterday", "2026-02-30", "2026-11-21 25:00"]) expect(readTime(bad)).toBeNull();
});
