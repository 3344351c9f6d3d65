import { Button } from "@fluentui/react-components";
import type { TimelineEntry } from "../../../api/types.gen";
import { When } from "../../../ui/When";
import styles from "./Conflict.module.css";

interface Props { entries: TimelineEntry[]; onReload: () => void }

/** Says that somebody else changed the incident meanwhile, and what; reloading keeps what was typed. */
export function Conflict({ entries, onReload }: Props) {
  return (
    <div className={styles.conflict} role="alert">
      <p><b>This incident changed while you worked on it.</b> Nothing of yours was saved yet.</p>
      <ul>
        {entries.slice(0, 6).map((e) => <li key={e.seq}><b>{e.actor.name}</b> {e.text} <span><When at={e.at} suffix /></span></li>)}
        {entries.length > 6 && <li>and {entries.length - 6} more</li>}
      </ul>
      <Button size="small" appearance="primary" onClick={onReload}>Take these changes, keep my text</Button>
    </div>
  );
}
