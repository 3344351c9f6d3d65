import { DeleteDismissRegular } from "@fluentui/react-icons";
import type { Deletion } from "../../../api/types.gen";
import { utc } from "../../../lib/time";
import { size } from "../../../lib/visible";
import { Empty } from "../../../ui/Empty";
import { When } from "../../../ui/When";
import { whyText } from "../model";
import styles from "./Retention.module.css";

/** The record of deletions: nothing goes without a line here (KQL table RetentionRuns). */
export function DeletionTable({ deletions }: { deletions: Deletion[] }) {
  if (deletions.length === 0) return <Empty icon={<DeleteDismissRegular />} title="Nothing was ever deleted">Each deletion leaves a line here: of which table, how many rows, why, and what was given back to the disk.</Empty>;
  return (
    <div className={styles.frame} tabIndex={0} role="region" aria-label="What was deleted">
      <table className={styles.table}>
        <thead><tr><th scope="col" className={styles.left}>When</th><th scope="col" className={styles.left}>Table</th><th scope="col">Rows</th><th scope="col">Held back</th><th scope="col" className={`${styles.left} ${styles.reason}`}>Why</th><th scope="col" className={`${styles.left} ${styles.wide}`}>Received before</th><th scope="col">File afterwards</th></tr></thead>
        <tbody>
          {deletions.map((d, i) => {
            const freed = d.bytesBefore - d.bytesAfter;
            return (
              <tr key={`${d.at} ${d.table} ${i}`}>
                <td className={styles.left}><When at={d.at} suffix /></td>
                <th scope="row">{d.table || <span className={styles.quiet}>the file</span>}</th>
                <td>{d.table ? d.rows.toLocaleString("en-US") : ""}</td>
                <td>{d.held > 0 ? d.held.toLocaleString("en-US") : <span className={styles.quiet}>–</span>}</td>
                <td className={`${styles.left} ${styles.reason}`} title={d.reason}>{whyText(d.reason)}</td>
                <td className={`${styles.left} ${styles.wide}`}>{d.before ? utc(d.before).slice(0, 16) : <span className={styles.quiet}>–</span>}</td>
                <td>{d.bytesAfter > 0 && size(d.bytesAfter)}{d.bytesAfter > 0 && freed > 0 && <span className={styles.freed} title={`${size(d.bytesBefore)} before`}>−{size(freed)}</span>}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
