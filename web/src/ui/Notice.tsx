import { Button } from "@fluentui/react-components";
import { CheckmarkCircleRegular, DismissRegular, ErrorCircleRegular, InfoRegular, WarningRegular } from "@fluentui/react-icons";
import type { ReactNode } from "react";
import styles from "./Notice.module.css";

interface Props { tone: "good" | "warn" | "bad" | "plain"; children: ReactNode; action?: { label: string; onClick: () => void } | undefined; onDismiss?: (() => void) | undefined }

const icons = { good: CheckmarkCircleRegular, warn: WarningRegular, bad: ErrorCircleRegular, plain: InfoRegular };

/** Something to know, where it belongs: what an action came to, a state of the whole. Screen readers hear it. */
export function Notice({ tone, children, action, onDismiss }: Props) {
  const Icon = icons[tone];
  return (
    <div className={styles.notice} data-tone={tone} role="status">
      <Icon className={styles.icon} aria-hidden="true" />
      <div className={styles.text}>{children}</div>
      {action && <Button size="small" onClick={action.onClick}>{action.label}</Button>}
      {onDismiss && <Button size="small" appearance="subtle" icon={<DismissRegular />} aria-label="Dismiss" onClick={onDismiss} />}
    </div>
  );
}
