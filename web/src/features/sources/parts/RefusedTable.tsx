import type { DoorRefusal } from "../../../api/types.gen";
import styles from "./Sources.module.css";

/** What the doors turned away before it became a record: wrong tokens, frames too long, datagrams the socket dropped. */
export function RefusedTable({ refused }: { refused: DoorRefusal[] }) {
  return (
    <section aria-labelledby="refused">
      <h2 id="refused" className={styles.heading}>Turned away at the doors</h2>
      <p className={styles.lead}>Counted since the server started. None of it became a record, so no source has it in its equation.</p>
      <div className={styles.frame}>
        <table className={styles.refused}>
          <thead><tr><th>Door</th><th>Reason</th><th>Count</th></tr></thead>
          <tbody>{refused.map((r) => <tr key={`${r.door} ${r.reason}`}><td><code>{r.door}</code></td><td>{r.reason}</td><td>{r.count.toLocaleString("en-US")}</td></tr>)}</tbody>
        </table>
      </div>
    </section>
  );
}
