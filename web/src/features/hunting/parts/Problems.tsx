import { ErrorCircleRegular, InfoRegular, WarningRegular } from "@fluentui/react-icons";
import type { Placed } from "../../../kql/markers";
import styles from "./Hunting.module.css";

const icons = { error: <ErrorCircleRegular />, warning: <WarningRegular />, info: <InfoRegular /> };

/** What the compiler says of the query: where, what, and what to do. A click jumps there. */
export function Problems({ list, lineOf, onJump }: { list: Placed[]; lineOf: (offset: number) => string; onJump: (offset: number) => void }) {
  if (list.length === 0) return null;
  return (
    <ul className={styles.problems} aria-label="Problems of the query">
      {list.slice(0, 20).map((d) => (
        <li key={`${d.code}${d.from}${d.message}`}>
          <button type="button" className={styles.problem} data-severity={d.severity} onClick={() => onJump(d.from)}>
            {icons[d.severity as keyof typeof icons] ?? icons.info}
            <span>{d.message}{d.hint && <span className={styles.hint}> {d.hint}</span>}</span>
            <code>{d.code} at {lineOf(d.from)}</code>
          </button>
        </li>
      ))}
    </ul>
  );
}
