import { Button } from "@fluentui/react-components";
import { ErrorCircleRegular, LockClosedRegular } from "@fluentui/react-icons";
import styles from "./Failure.module.css";

interface Props {
  problem: { message: string; requestId: string; kind?: string };
  action?: { label: string; onClick: () => void } | undefined;
  size?: "page" | "line";
  isCalm?: boolean; // that somebody may not is no failure of anything, except when signing in
}

/**
 * A failure where it happened: the message, the request id to quote, and the
 * next action. That somebody may not is no failure: it is said calmly, and
 * asking again would not help.
 */
export function Failure({ problem, action, size = "page", isCalm = problem.kind === "denied" }: Props) {
  if (isCalm) {
    return (
      <div className={size === "page" ? styles.page : styles.line} role="status" data-calm="">
        <LockClosedRegular className={styles.icon} aria-hidden="true" />
        <span className={styles.text}>{problem.message}</span>
      </div>
    );
  }
  return (
    <div className={size === "page" ? styles.page : styles.line} role="alert">
      <ErrorCircleRegular className={styles.icon} />
      <span className={styles.text}>
        {problem.message}
        {problem.requestId && <span className={styles.id}> Request <code>{problem.requestId}</code></span>}
      </span>
      {action && <Button size="small" onClick={action.onClick}>{action.label}</Button>}
    </div>
  );
}
