import { Checkbox } from "@fluentui/react-components";
import { Link } from "@tanstack/react-router";
import { memo, type MouseEvent } from "react";
import type { IncidentSummary } from "../../../api/types.gen";
import { tacticName } from "../../../lib/words";
import { Chip } from "../../../ui/Chip";
import { Severity } from "../../../ui/Severity";
import { Status } from "../../../ui/Status";
import { When } from "../../../ui/When";
import { shortLabel } from "../model";
import { EntityIcon } from "./EntityIcon";
import styles from "./Queue.module.css";

interface Props {
  incident: IncidentSummary; index: number; top: number; isCurrent: boolean; isSelected: boolean; isChanged: boolean; canSelect: boolean;
  onPoint: (index: number) => void; onToggle: (index: number, range: boolean) => void;
}

/** One incident of the queue: one line. */
export const QueueRow = memo(function QueueRow({ incident: i, index, top, isCurrent, isSelected, isChanged, canSelect, onPoint, onToggle }: Props) {
  const rest = i.entityCount - Math.min(i.entities.length, 2);
  const toggle = (event: MouseEvent) => { event.preventDefault(); event.stopPropagation(); onToggle(index, event.shiftKey); };
  return (
    <div
      role="row" id={`incident-${i.id}`} aria-rowindex={index + 2} aria-selected={isSelected} className={styles.row} style={{ transform: `translateY(${top}px)` }}
      data-severity={i.severity} data-current={isCurrent || undefined} data-changed={isChanged || undefined} onClick={() => onPoint(index)}
    >
      <span role="gridcell" className={styles.check} onClick={canSelect ? toggle : undefined}>{canSelect && <Checkbox checked={isSelected} aria-label={`Select incident ${i.id}`} tabIndex={-1} />}</span>
      <span role="gridcell"><Severity level={i.severity} /></span>
      <span role="gridcell" className={styles.number}>{i.id}</span>
      <span role="gridcell" className={styles.title}>
        <Link to="/incidents/$number" params={{ number: String(i.id) }} tabIndex={-1} title={i.title}>{i.title}</Link>
        {i.tags.slice(0, 2).map((tag) => <Chip key={tag} kind="tag">{tag}</Chip>)}
      </span>
      <span role="gridcell"><Status state={i.status} /></span>
      <span role="gridcell" className={styles.clip}>{i.owner || <span className={styles.nobody}>Unassigned</span>}</span>
      <span role="gridcell" className={styles.entities}>
        {i.entities.slice(0, 2).map((e) => <span key={e.key || e.label} className={styles.entity} title={`${e.type} ${e.label}`}><EntityIcon type={e.type} /><span>{shortLabel(e)}</span></span>)}
        {rest > 0 && <span className={styles.more}>+{rest}</span>}
        {i.entityCount > 1 && <span className={styles.moreNarrow} aria-hidden="true">+{i.entityCount - 1}</span>}
      </span>
      <span role="gridcell" className={`${styles.clip} ${styles.tactics}`} title={i.tactics.map(tacticName).join(", ")}>{i.tactics.map(tacticName).join(", ")}</span>
      <span role="gridcell" className={styles.right} title={`${i.activeAlerts} active of ${i.alertCount}`}>{i.activeAlerts}/{i.alertCount}</span>
      <span role="gridcell" className={styles.right}><When at={i.lastActivity} /></span>
      <span role="gridcell" className={`${styles.right} ${styles.created}`}><When at={i.createdAt} /></span>
      <span role="gridcell" className={styles.right}><When at={i.updatedAt} /></span>
    </div>
  );
});
