import { Button } from "@fluentui/react-components";
import { DismissRegular } from "@fluentui/react-icons";
import { Link } from "@tanstack/react-router";
import { problemOf } from "../../../api/client";
import type { Hold, HoldPreview } from "../../../api/types.gen";
import { utc } from "../../../lib/time";
import { Failure } from "../../../ui/Failure";
import { Skeletons } from "../../../ui/Skeletons";
import { heldText, scopeText } from "../model";
import { useHeld } from "../queries";
import { HoldState } from "./Holds";
import styles from "./Retention.module.css";

interface Props { hold: Hold; mayRelease: boolean; onClose: () => void; onRelease: () => void }

/** One hold: what it keeps now, table by table, why, and who did what. */
export function HoldPane({ hold: h, mayRelease, onClose, onRelease }: Props) {
  const held = useHeld(h);
  return (
    <aside className={styles.pane} aria-label="Hold">
      <Button className={styles.close} size="small" appearance="subtle" icon={<DismissRegular />} aria-label="Close hold" onClick={onClose} />
      <h2 className={styles.name}><HoldState hold={h} /> <code>{h.id}</code></h2>
      <p className={styles.scope}>{scopeText(h)}.</p>
      {h.incident > 0 && <p>Set for <Link to="/incidents/$number" params={{ number: String(h.incident) }}>incident {h.incident}</Link>.</p>}
      <h3 className={styles.heading}>{h.releasedAt ? "What it would keep" : "What it keeps now"}{held.data && <Button size="small" appearance="subtle" onClick={() => void held.refetch()}>{held.isFetching ? "Counting…" : "Count again"}</Button>}</h3>
      {held.data ? <Kept preview={held.data} /> : held.error ? <Failure size="line" problem={problemOf(held.error)} action={{ label: "Try again", onClick: () => void held.refetch() }} /> : <Skeletons rows={3} label="Counting" />}
      <h3 className={styles.heading}>What happened</h3>
      <ol className={styles.history}>
        <li><time dateTime={h.createdAt}>{utc(h.createdAt)}</time><span>Set by {h.createdBy}<em>{h.reason}</em></span></li>
        {h.releasedAt && <li><time dateTime={h.releasedAt}>{utc(h.releasedAt)}</time><span>Released by {h.releasedBy}{h.releaseReason && <em>{h.releaseReason}</em>}</span></li>}
      </ol>
      {!h.releasedAt && <p className={styles.last}>{mayRelease ? <Button size="small" onClick={onRelease}>Release…</Button> : <span className={styles.quiet}>Releasing a hold needs the role Admin.</span>}</p>}
    </aside>
  );
}

/** The rows that a hold keeps, by table. */
export function Kept({ preview: p }: { preview: HoldPreview }) {
  const most = Math.max(...p.tables.map((t) => t.rows), 1);
  return (
    <div className={styles.kept}>
      <p><b>{heldText(p.rows, p.tables.length)}</b>{p.rows === 0 && "; what comes later may meet its conditions"}</p>
      {p.tables.length > 0 && (
        <table><tbody>{[...p.tables].sort((a, b) => b.rows - a.rows).map((t) => <tr key={t.table}><th scope="row">{t.table}</th><td className={styles.sized}><span className={styles.share} aria-hidden="true"><i style={{ width: `${(100 * t.rows) / most}%` }} /></span><span className={styles.amount}>{t.rows.toLocaleString("en-US")}</span></td></tr>)}</tbody></table>
      )}
    </div>
  );
}
