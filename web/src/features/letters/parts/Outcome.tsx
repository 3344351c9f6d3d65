import type { ReplayResult } from "../../../api/types.gen";
import { count, sentence } from "../../../lib/words";
import { visible } from "../../../lib/visible";
import { outcomeOf } from "../model";
import styles from "./Letters.module.css";

/** What became of letters, exactly: the counts, the reasons of those that failed, and rows that would be stored. */
export function Outcome({ result: r, isDry }: { result: ReplayResult; isDry: boolean }) {
  return (
    <div className={styles.outcome}>
      <p><b>{isDry ? "A try" : "Replayed"}, {count(r.tried + r.skipped, "letter")}:</b> {outcomeOf(r, isDry)}{r.isCut && " There may be more: a replay takes 10,000 letters at once."}</p>
      {r.reasons.length > 0 && <ul>{r.reasons.map((t) => <li key={t.reason}><b>{t.count.toLocaleString("en-US")}</b> {sentence(t.reason)}</li>)}</ul>}
      {r.preview.map((row, i) => (
        <table key={i} className={styles.preview}>
          <caption>Row of <code>{row.table}</code></caption>
          <tbody>{row.cells.map((c) => <tr key={c.column}><th scope="row">{c.column}</th><td>{visible(c.value)}</td></tr>)}</tbody>
        </table>
      ))}
    </div>
  );
}
