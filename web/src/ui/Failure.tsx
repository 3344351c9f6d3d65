import { Button } from "@fluentui/react-components";
import { ErrorCircleRegular } from "@fluentui/react-icons";
import styles from "./Failure.module.css";

interface Props {
  problem: { message: string; requestId: string };
  action?: { label: string; onClick: () => void } | undefined;
  size?: "page" | "line";
}

/** A failure where it happened: the message, the request id to quote, and the next action. */
export function Failure({ problem, action, size = "page" }: Props) {
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
