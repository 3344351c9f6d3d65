import type { ReactNode } from "react";
import styles from "./Chip.module.css";

/** A short label: a tactic, a technique, a tag. */
export function Chip({ children, title, kind = "plain", onRemove }: { children: ReactNode; title?: string | undefined; kind?: "plain" | "code" | "tag"; onRemove?: (() => void) | undefined }) {
  return (
    <span className={styles.chip} data-kind={kind} title={title}>
      {children}
      {onRemove && <button type="button" className={styles.remove} onClick={onRemove} aria-label={`Remove ${String(children)}`}>×</button>}
    </span>
  );
}
