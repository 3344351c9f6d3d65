import { CheckmarkCircleRegular, DismissCircleRegular, MailUnreadRegular } from "@fluentui/react-icons";
import styles from "./Letters.module.css";

const icons = { open: MailUnreadRegular, replayed: CheckmarkCircleRegular, discarded: DismissCircleRegular };
const names: Record<string, string> = { open: "Open", replayed: "Replayed", discarded: "Discarded" };

/** What became of a letter, as a shape and a word. */
export function LetterState({ state }: { state: string }) {
  const Icon = icons[state as keyof typeof icons] ?? MailUnreadRegular;
  return <span className={styles.state} data-state={state}><Icon aria-hidden="true" />{names[state] ?? state}</span>;
}
