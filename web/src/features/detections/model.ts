import type { RuleRun } from "../../api/types.gen";
import { span, utc } from "../../lib/time";

/** The ledger of a rule in figures. */
export function summarise(runs: RuleRun[]): { runs: number; failed: number; capped: number; alerts: number } {
  return {
    runs: runs.length,
    failed: runs.filter((r) => r.status === "failed").length,
    capped: runs.filter((r) => r.status === "capped").length,
    alerts: runs.reduce((sum, r) => sum + r.alerts, 0),
  };
}

/** Says the window a run looked at: from when, how long. */
export const windowText = (run: RuleRun) => `${utc(run.from).slice(0, 19)} + ${span(Date.parse(run.to) - Date.parse(run.from))}`;

/** Says how long a run took; Go gives nanoseconds. */
export function tookText(nanoseconds: number): string {
  const ms = nanoseconds / 1e6;
  return ms < 1000 ? `${ms.toFixed(ms < 10 ? 1 : 0)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
