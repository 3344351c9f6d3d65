import { ArrowDownRegular, ArrowUpRegular } from "@fluentui/react-icons";
import type { VirtualItem } from "@tanstack/react-virtual";
import type { PointerEvent } from "react";
import type { Column } from "../api/types.gen";
import { isNumeric, type Sort } from "./gridModel";
import styles from "./ResultGrid.module.css";

interface Props {
  columns: Column[]; shown: VirtualItem[]; offset: number; height: number; sort: Sort | null; onSort: (sort: Sort | null) => void;
  filters: Record<number, string> | null; onFilters: (filters: Record<number, string>) => void; onWidth: (column: number, width: number) => void;
}

/** The head of the grid: sort by a click (up, down, as it came), filter, drag the border for the width. */
export function GridHead({ columns, shown, offset, height, sort, onSort, filters, onFilters, onWidth }: Props) {
  const next = (column: number): Sort | null => (sort?.column !== column ? { column, descending: false } : sort.descending ? null : { column, descending: true });
  const drag = (event: PointerEvent<HTMLSpanElement>, item: VirtualItem) => {
    const handle = event.currentTarget;
    const from = event.clientX;
    handle.setPointerCapture(event.pointerId);
    const move = (e: globalThis.PointerEvent) => onWidth(item.index, Math.max(48, item.size + e.clientX - from));
    handle.addEventListener("pointermove", move);
    handle.addEventListener("pointerup", () => handle.removeEventListener("pointermove", move), { once: true });
  };
  return (
    <div role="row" aria-rowindex={1} className={styles.head} style={{ height }}>
      <span className={styles.corner} aria-hidden="true" />
      {shown.map((item) => {
        const column = columns[item.index]!;
        const sorted = sort?.column === item.index ? sort : null;
        return (
          <span key={item.key} role="columnheader" aria-colindex={item.index + 1} aria-sort={!sorted ? undefined : sorted.descending ? "descending" : "ascending"} className={styles.column} style={{ left: item.start + offset, width: item.size }}>
            <button type="button" className={styles.sort} data-number={isNumeric(column.type) || undefined} title={`${column.name}: ${column.type}`} onClick={() => onSort(next(item.index))}>
              <span>{column.name}</span>{sorted && (sorted.descending ? <ArrowDownRegular /> : <ArrowUpRegular />)}
            </button>
            {filters && <input className={styles.filter} aria-label={`Filter ${column.name}`} placeholder="contains" value={filters[item.index] ?? ""} onChange={(e) => onFilters({ ...filters, [item.index]: e.target.value })} />}
            <span className={styles.edge} onPointerDown={(e) => drag(e, item)} aria-hidden="true" />
          </span>
        );
      })}
    </div>
  );
}
