import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from "react";
import type { ResultTable } from "../api/types.gen";
import { copyText } from "../lib/clipboard";
import { useSay } from "../ui/Toasts";
import { GridHead } from "./GridHead";
import { cellText, isNumeric, shownText, widths, type Row, type Sort } from "./gridModel";
import styles from "./ResultGrid.module.css";

const rowHeight = 26;
const numberWidth = 52;

export interface Cell { row: number; column: number } // row counts in the order shown

interface Props {
  table: ResultTable; order: number[]; sort: Sort | null; onSort: (sort: Sort | null) => void; filters: Record<number, string> | null; onFilters: (filters: Record<number, string>) => void;
  cell: Cell | null; onCell: (cell: Cell) => void; onOpen: () => void;
}

/** The rows of a result; only the cells on the screen exist. Arrows move, Enter opens the record, Ctrl+C copies the cell. */
export function ResultGrid({ table, order, sort, onSort, filters, onFilters, cell, onCell, onOpen }: Props) {
  const scroll = useRef<HTMLDivElement>(null);
  const say = useSay();
  const guessed = useMemo(() => widths(table.columns, table.rows as Row[]), [table]);
  const [dragged, setDragged] = useState<Record<number, number>>({});
  const width = (i: number) => dragged[i] ?? guessed[i] ?? 100;
  const headHeight = filters ? 60 : 30;
  const rows = useVirtualizer({ count: order.length, getScrollElement: () => scroll.current, estimateSize: () => rowHeight, overscan: 10, scrollPaddingStart: headHeight });
  const columns = useVirtualizer({ horizontal: true, count: table.columns.length, getScrollElement: () => scroll.current, estimateSize: width, overscan: 3, scrollPaddingStart: numberWidth });
  useEffect(() => { columns.measure(); }, [columns, dragged, guessed]);
  useEffect(() => {
    if (!cell) return;
    rows.scrollToIndex(cell.row);
    columns.scrollToIndex(cell.column);
  }, [cell, rows, columns]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (!cell || event.target !== scroll.current) return;
    const page = Math.floor((scroll.current?.clientHeight ?? 0) / rowHeight) - 2;
    const [down = 0, right = 0] = ({ ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], PageUp: [-page, 0], PageDown: [page, 0], Home: [0, -1e6], End: [0, 1e6] } as Record<string, number[]>)[event.key] ?? [];
    if (down || right) onCell({ row: clamp(cell.row + down, order.length), column: clamp(cell.column + right, table.columns.length) });
    else if (event.key === "Enter" && !event.shiftKey && !event.ctrlKey) onOpen();
    else if (event.key === "c" && (event.ctrlKey || event.metaKey) && !getSelection()?.toString()) void copyText(cellText(table.rows[order[cell.row]!]?.[cell.column])).then(() => say("Cell copied", "info"));
    else return;
    event.preventDefault();
  };
  const open = () => {
    getSelection()?.removeAllRanges(); // a double click selects a word, which nobody asked for here
    onOpen();
  };
  const shown = columns.getVirtualItems();
  return (
    <div ref={scroll} className={styles.scroll} role="grid" aria-label="Results" aria-rowcount={order.length + 1} aria-colcount={table.columns.length} tabIndex={0} onKeyDown={onKeyDown} onFocus={(e) => { if (e.target === scroll.current && !cell && order.length) onCell({ row: 0, column: 0 }); }} aria-activedescendant={cell ? `cell-${cell.row}-${cell.column}` : undefined}>
      <div className={styles.sheet} style={{ width: columns.getTotalSize() + numberWidth, height: rows.getTotalSize() + headHeight }}>
        <GridHead columns={table.columns} shown={shown} offset={numberWidth} height={headHeight} sort={sort} onSort={onSort} filters={filters} onFilters={onFilters} onWidth={(i, w) => setDragged({ ...dragged, [i]: w })} />
        {rows.getVirtualItems().map((item) => {
          const row = table.rows[order[item.index]!] as Row;
          return (
            <div key={item.key} role="row" aria-rowindex={item.index + 2} className={styles.row} data-current={cell?.row === item.index || undefined} style={{ transform: `translateY(${item.start + headHeight}px)` }}>
              <span className={styles.number} onClick={() => onCell({ row: item.index, column: cell?.column ?? 0 })} onDoubleClick={open}>{item.index + 1}</span>
              {shown.map((c) => {
                const { type } = table.columns[c.index]!;
                const value = row[c.index];
                return (
                  <span
                    key={c.key} id={`cell-${item.index}-${c.index}`} role="gridcell" aria-colindex={c.index + 1} className={styles.cell} data-number={isNumeric(type) || undefined}
                    data-type={value !== null && typeof value === "object" ? "object" : undefined} data-current={(cell?.row === item.index && cell.column === c.index) || undefined}
                    style={{ left: c.start + numberWidth, width: c.size }} onClick={() => onCell({ row: item.index, column: c.index })} onDoubleClick={open}
                  >{shownText(value, type)}</span>
                );
              })}
            </div>
          );
        })}
      </div>
    </div>
  );
}

const clamp = (n: number, count: number) => Math.min(Math.max(n, 0), count - 1);
