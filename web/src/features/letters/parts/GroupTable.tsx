import type { DeadLetterGroup } from "../../../api/types.gen";
import { sentence } from "../../../lib/words";
import { When } from "../../../ui/When";
import { isChosen } from "../model";
import type { LettersView } from "../url";
import styles from "./Letters.module.css";

interface Props { groups: DeadLetterGroup[]; view: LettersView; onView: (change: Partial<LettersView>) => void }

/** Letters counted by the kind of their reason, source and table; a click looks at one kind alone. */
export function GroupTable({ groups, view, onView }: Props) {
  const most = Math.max(...groups.map((g) => g.count));
  return (
    <section className={styles.groups} aria-label="Reasons" tabIndex={0}>
      <table>
        <thead><tr><th className={styles.right}>Letters</th><th aria-hidden="true" /><th>Reason</th><th>Source</th><th className={styles.wide}>Sent to</th><th className={`${styles.right} ${styles.wide}`}>First</th><th className={styles.right}>Last</th></tr></thead>
        <tbody>
          {groups.map((g) => {
            const isOn = isChosen(g, view);
            return (
              <tr key={`${g.source} ${g.table} ${g.reason}`} data-chosen={isOn || undefined} onClick={() => onView(isOn ? { kind: "", table: "", of: "" } : { kind: g.reason, table: g.table || "-", of: g.source, letter: "" })}>
                <td className={styles.right}>{g.count.toLocaleString("en-US")}</td>
                <td className={styles.share} aria-hidden="true"><i style={{ width: `${Math.max(3, (100 * g.count) / most)}%` }} /></td>
                <td className={styles.reason}><button type="button" aria-pressed={isOn} title={g.example}>{sentence(g.count === 1 ? g.example : g.reason)}</button></td>
                <td><code>{g.source}</code></td>
                <td className={styles.wide}>{g.table || <span className={styles.quiet}>by its shape</span>}</td>
                <td className={`${styles.right} ${styles.wide}`}><When at={g.first} /></td>
                <td className={styles.right}><When at={g.last} /></td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}
