import { Button } from "@fluentui/react-components";
import type { ReactNode } from "react";
import styles from "./Empty.module.css";

interface Props { icon: ReactNode; title: string; children?: ReactNode; action?: { label: string; onClick: () => void } | undefined }

/** What stands where a list would be when there is nothing to list: why, and what to do next. */
export function Empty({ icon, title, children, action }: Props) {
  return (
    <div className={styles.empty} role="status">
      <span className={styles.icon} aria-hidden="true">{icon}</span>
      <p className={styles.title}>{title}</p>
      {children && <p className={styles.text}>{children}</p>}
      {action && <Button size="small" onClick={action.onClick}>{action.label}</Button>}
    </div>
  );
}
