import { Button } from "@fluentui/react-components";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import type { IncidentSummary } from "../../../api/types.gen";
import { count } from "../../../lib/words";
import styles from "./Queue.module.css";
import { QueueHead } from "./QueueHead";
import { QueueRow } from "./QueueRow";
import type { Selection } from "../../../ui/useSelection";

const rowHeight = 32;

interface Props {
  rows: IncidentSummary[]; total: number; isLeast: boolean; waiting: number; onRelease: () => void; onHover: (isOver: boolean) => void;
  sort: string; onSort: (sort: string) => void; selection: Selection; canSelect: boolean; changed: ReadonlySet<number>; onEnd: () => void;
}

/** The table of incidents: only the rows on the screen exist. */
export function Queue({ rows, total, isLeast, waiting, onRelease, onHover, sort, onSort, selection, canSelect, changed, onEnd }: Props) {
  const scroll = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => scroll.current, estimateSize: () => rowHeight, overscan: 12, scrollPaddingStart: 32 });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => { if (last >= rows.length - 20) onEnd(); }, [last, rows.length, onEnd]);
  const { current } = selection;
  useEffect(() => { if (current >= 0) virtual.scrollToIndex(current); }, [current, virtual]);
  const selectedCount = rows.filter((r) => selection.ids.has(r.id)).length;
  return (
    <div className={styles.frame} onPointerEnter={() => onHover(true)} onPointerLeave={() => onHover(false)}>
      {waiting > 0 && <Button className={styles.waiting} size="small" appearance="primary" onClick={onRelease}>{count(waiting, "change")} · update the list</Button>}
      <div
        ref={scroll} className={styles.scroll} role="grid" aria-label="Incidents" aria-rowcount={total + 1} aria-multiselectable="true" tabIndex={0} data-testid="queue"
        aria-activedescendant={rows[current] ? `incident-${rows[current].id}` : undefined}
        onKeyDown={(e) => {
          const step = e.key === "ArrowDown" ? 1 : e.key === "ArrowUp" ? -1 : 0;
          if (!step) return;
          e.preventDefault();
          selection.move(step);
        }}
      >
        <QueueHead sort={sort} onSort={onSort} selection={selectedCount === 0 ? false : selectedCount === rows.length ? true : "mixed"} onSelectAll={canSelect ? selection.selectAll : undefined} />
        <div className={styles.body} style={{ height: virtual.getTotalSize() }}>
          {items.map((item) => {
            const incident = rows[item.index]!;
            return (
              <QueueRow
                key={incident.id} incident={incident} index={item.index} top={item.start} isCurrent={item.index === current} isSelected={selection.ids.has(incident.id)}
                isChanged={changed.has(incident.id)} canSelect={canSelect} onPoint={selection.point} onToggle={selection.toggle}
              />
            );
          })}
        </div>
      </div>
      <div className={styles.foot}>{total > rows.length || isLeast ? `${rows.length.toLocaleString("en-US")} of ${isLeast ? "more than " : ""}${count(total, "incident")}` : count(total, "incident")}</div>
    </div>
  );
}
