import type { QueueCounts, Severity as Level } from "../../../api/types.gen";
import { Severity } from "../../../ui/Severity";
import { defaultView, type QueueView } from "../url";
import styles from "./Counts.module.css";

const levels: Level[] = ["high", "medium", "low", "informational"];

/** The figures of the whole queue; each is also the filter that shows what it counts. */
export function Counts({ counts, view, onView }: { counts: QueueCounts; view: QueueView; onView: (view: QueueView) => void }) {
  const plain = { ...defaultView, sort: view.sort };
  const figure = (name: string, n: number, target: Partial<QueueView>) => (
    <button type="button" className={styles.figure} onClick={() => onView({ ...plain, ...target })}><b>{n.toLocaleString("en-US")}</b> {name}</button>
  );
  return (
    <div className={styles.counts} aria-label="Counts of the queue" role="group">
      {figure("new", counts.new, { status: ["new"] })}
      {figure("active", counts.active, { status: ["active"] })}
      {figure("unassigned", counts.unassigned, { owner: "-" })}
      <span className={styles.rule} aria-hidden="true" />
      <span className={styles.label}>Open</span>
      {levels.map((level) => (
        <button key={level} type="button" className={styles.figure} onClick={() => onView({ ...plain, severity: [level] })}>
          <Severity level={level} /> <b>{(counts.openBySeverity[level] ?? 0).toLocaleString("en-US")}</b>
        </button>
      ))}
    </div>
  );
}
