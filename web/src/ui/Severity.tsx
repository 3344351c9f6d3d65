import styles from "./Severity.module.css";

export type Level = "informational" | "low" | "medium" | "high";
const bars: Record<Level, number> = { informational: 1, low: 2, medium: 3, high: 4 };
const names: Record<Level, string> = { informational: "Info", low: "Low", medium: "Medium", high: "High" };

/** A severity as rising bars and its name: never by colour alone. */
export function Severity({ level, hideName = false }: { level: Level; hideName?: boolean }) {
  return (
    <span className={styles.severity} data-level={level} title={hideName ? `${names[level]} severity` : undefined}>
      <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
        {[1, 2, 3, 4].map((n) => (
          <rect key={n} x={(n - 1) * 3} y={10 - n * 2.5} width="2.2" height={n * 2.5 + 2} rx="0.6" className={n <= bars[level] ? styles.on : styles.offBar} />
        ))}
      </svg>
      <span className={hideName ? "visuallyHidden" : undefined}>{names[level]}</span>
    </span>
  );
}

export const severityNames = names;
