import styles from "./Skeletons.module.css";

/** Grey lines where rows are being fetched; they appear only when that takes longer than a blink. */
export function Skeletons({ rows, label }: { rows: number; label: string }) {
  return (
    <div className={styles.skeletons} role="status" aria-label={label}>
      {Array.from({ length: rows }, (_, i) => <div key={i} className={styles.row} style={{ width: `${92 - ((i * 17) % 38)}%` }} />)}
    </div>
  );
}
