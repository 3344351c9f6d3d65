import { CheckmarkCircleRegular, LockClosedRegular } from "@fluentui/react-icons";
import type { Hold } from "../../../api/types.gen";
import { Empty } from "../../../ui/Empty";
import { When } from "../../../ui/When";
import { scopeText } from "../model";
import type { RetentionView } from "../url";
import { HoldPane } from "./HoldPane";
import styles from "./Retention.module.css";

interface Props { holds: Hold[]; view: RetentionView; onView: (change: Partial<RetentionView>) => void; maySet: boolean; mayRelease: boolean; onSet: () => void; onRelease: (id: string) => void }

/** Every hold that was ever set, those that stand first. */
export function Holds({ holds, view, onView, maySet, mayRelease, onSet, onRelease }: Props) {
  const shown = holds.find((h) => h.id === view.hold);
  if (holds.length === 0) {
    return (
      <Empty icon={<LockClosedRegular />} title="No hold was ever set" action={maySet ? { label: "Set a hold…", onClick: onSet } : undefined}>
        A hold keeps rows – of a table, a time, with a name in them, of an incident – from being deleted, whatever their age and however full the store is, until it is released.{!maySet && " Setting one needs the role Contributor."}
      </Empty>
    );
  }
  const sorted = [...holds.filter((h) => !h.releasedAt), ...holds.filter((h) => h.releasedAt)];
  return (
    <div className={styles.split}>
      <div className={styles.frame} tabIndex={0} role="region" aria-label="Holds">
        <table className={`${styles.table} ${styles.holds}`}>
          <thead><tr><th scope="col">State</th><th scope="col">Keeps</th><th scope="col" className={styles.wide}>Incident</th><th scope="col">Reason</th><th scope="col" className={styles.wide}>Set by</th><th scope="col" className={styles.wide}>Set</th></tr></thead>
          <tbody>
            {sorted.map((h) => (
              <tr key={h.id} data-shown={h.id === view.hold || undefined} data-over={h.releasedAt ? "" : undefined} onClick={() => onView({ hold: h.id === view.hold ? "" : h.id })}>
                <td><HoldState hold={h} /></td>
                <th scope="row" className={styles.clip}><button type="button" aria-pressed={h.id === view.hold} title={scopeText(h)}>{scopeText(h)}</button></th>
                <td className={styles.wide}>{h.incident || <span className={styles.quiet}>–</span>}</td>
                <td className={styles.clip} title={h.reason}>{h.reason}</td>
                <td className={styles.wide}>{h.createdBy}</td>
                <td className={styles.wide}><When at={h.createdAt} suffix /></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {shown && <HoldPane key={shown.id} hold={shown} mayRelease={mayRelease} onClose={() => onView({ hold: "" })} onRelease={() => onRelease(shown.id)} />}
    </div>
  );
}

/** Whether a hold stands, as a shape and a word. */
export function HoldState({ hold }: { hold: Hold }) {
  return hold.releasedAt
    ? <span className={styles.state}><CheckmarkCircleRegular aria-hidden="true" />Released</span>
    : <span className={styles.state} data-stands=""><LockClosedRegular aria-hidden="true" />Stands</span>;
}
