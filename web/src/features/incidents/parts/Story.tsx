import type { Alert } from "../../../api/types.gen";
import { day, span } from "../../../lib/time";
import { count } from "../../../lib/words";
import type { Focus } from "../focus";
import { StoryAlert } from "./StoryAlert";
import styles from "./Story.module.css";

interface Props { alerts: Alert[]; focus: Focus; onFocus: (focus: Focus) => void }

/** The attack story: the alerts in the order of what happened, with the time between them. */
export function Story({ alerts, focus, onFocus }: Props) {
  return (
    <section className={styles.story} aria-label="Attack story">
      <h2 className={styles.heading}>Attack story <span>{count(alerts.length, "alert")}</span></h2>
      {alerts.length === 0 && <p className={styles.none}>No alert belongs to this incident any more.</p>}
      <ol>
        {alerts.map((alert, i) => {
          const before = alerts[i - 1];
          const isNewDay = !before || day(before.firstActivity) !== day(alert.firstActivity);
          const gap = before ? Date.parse(alert.firstActivity) - Date.parse(before.firstActivity) : 0;
          return (
            <li key={alert.id} className={styles.item}>
              {isNewDay ? <div className={styles.day}>{day(alert.firstActivity)} UTC</div> : gap > 0 && <div className={styles.gap}>{span(gap)} later</div>}
              <StoryAlert alert={alert} focus={focus} onFocus={onFocus} />
            </li>
          );
        })}
      </ol>
    </section>
  );
}
