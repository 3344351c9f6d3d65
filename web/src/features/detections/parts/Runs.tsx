import type { RuleRun } from "../../../api/types.gen";
import { utc } from "../../../lib/time";
import { count, words } from "../../../lib/words";
import { When } from "../../../ui/When";
import { summarise, tookText, windowText } from "../model";
import styles from "./Rules.module.css";

/** The run ledger: every window that was looked at, and what came of it. */
export function Runs({ runs, state }: { runs: RuleRun[]; state: string }) {
  const sum = summarise(runs);
  return (
    <>
      <h3 className={styles.heading}>Runs <span>{runs.length === 0 ? "" : `${count(sum.runs, "newest run")}: ${sum.failed} failed, ${sum.capped} capped, ${count(sum.alerts, "alert")}`}</span></h3>
      {runs.length === 0
        ? <p className={styles.description}>{state === "on" ? "It has not run yet; its first window is still open." : "It does not run in this state."}</p>
        : (
          <table className={styles.runs}>
            <thead><tr><th>Started</th><th>Window (UTC)</th><th>Outcome</th><th>Rows</th><th>Alerts</th><th>Took</th></tr></thead>
            <tbody>
              {runs.map((r) => (
                <tr key={r.startedAt + r.from} data-status={r.status}>
                  <td title={utc(r.startedAt)}><When at={r.startedAt} suffix /></td><td>{windowText(r)}{r.isBackfill ? " (catching up)" : ""}</td>
                  <td>{words(r.status)}{r.reason && <span className={styles.why}>{r.reason}</span>}</td>
                  <td>{r.rows.toLocaleString("en-US")}</td><td>{r.alerts.toLocaleString("en-US")}</td><td>{tookText(r.took)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
    </>
  );
}
