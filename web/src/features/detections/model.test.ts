import { expect, test } from "vitest";
import type { RuleRun } from "../../api/types.gen";
import { summarise, tookText, windowText } from "./model";

const run = (status: RuleRun["status"], alerts: number) => ({ status, alerts, from: "2026-11-21T10:00:00Z", to: "2026-11-21T11:00:00Z" }) as RuleRun;

test("the ledger in figures", () => {
  expect(summarise([run("succeeded", 2), run("failed", 0), run("capped", 150)])).toEqual({ runs: 3, failed: 1, capped: 1, alerts: 152 });
});

test("windows and durations read well", () => {
  expect(windowText(run("succeeded", 0))).toBe("2026-11-21 10:00:00 + 1h");
  expect([tookText(1_250_000), tookText(38_600_000), tookText(2_340_000_000)]).toEqual(["1.3 ms", "39 ms", "2.3 s"]);
});
