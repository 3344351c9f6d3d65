import { CheckmarkCircleRegular, DismissCircleRegular, PauseCircleRegular } from "@fluentui/react-icons";
import styles from "./Rules.module.css";

const icons = { on: CheckmarkCircleRegular, paused: PauseCircleRegular, rejected: DismissCircleRegular };
const names: Record<string, string> = { on: "On", paused: "Paused", rejected: "Rejected" };

/** Whether a rule runs, as a shape and a word. */
export function RuleState({ state }: { state: string }) {
  const Icon = icons[state as keyof typeof icons] ?? PauseCircleRegular;
  return <span className={styles.state} data-state={state}><Icon aria-hidden="true" />{names[state] ?? state}</span>;
}
