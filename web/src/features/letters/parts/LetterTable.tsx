import { Checkbox } from "@fluentui/react-components";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, type MouseEvent, type RefObject } from "react";
import type { DeadLetter } from "../../../api/types.gen";
import { size, visible } from "../../../lib/visible";
import { count, sentence } from "../../../lib/words";
import type { Selection } from "../../../ui/useSelection";
import { When } from "../../../ui/When";
import { LetterState } from "./LetterState";
import styles from "./Letters.module.css";

interface Props { letters: DeadLetter[]; total: number; selection: Selection<string>; canSelect: boolean; chosen: string; onChoose: (id: string) => void; onEnd: () => void; scroll: RefObject<HTMLDivElement | null> }

const rowHeight = 32;

/** The letters, newest first; only the rows on the screen exist. */
export function LetterTable({ letters, total, selection, canSelect, chosen, onChoose, onEnd, scroll }: Props) {
  const virtual = useVirtualizer({ count: letters.length, getScrollElement: () => scroll.current, estimateSize: () => rowHeight, overscan: 12, scrollPaddingStart: rowHeight });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => { if (last >= letters.length - 20) onEnd(); }, [last, letters.length, onEnd]);
  const { current } = selection;
  useEffect(() => { if (current >= 0) virtual.scrollToIndex(current); }, [current, virtual]);
  const selected = letters.filter((l) => selection.ids.has(l.id)).length;
  return (
    <>
      <div
        ref={scroll} className={styles.scroll} role="grid" aria-label="Dead letters" aria-rowcount={total + 1} aria-multiselectable="true" tabIndex={0}
        aria-activedescendant={letters[current] ? `letter-${letters[current].id}` : undefined}
        onKeyDown={(e) => { const step = e.key === "ArrowDown" ? 1 : e.key === "ArrowUp" ? -1 : 0; if (step) { e.preventDefault(); selection.move(step); } }}
      >
        <div role="row" aria-rowindex={1} className={`${styles.row} ${styles.head}`}>
          <span role="columnheader" className={styles.check}>{canSelect && <Checkbox checked={selected === 0 ? false : selected === letters.length ? true : "mixed"} onChange={(_, d) => selection.selectAll(d.checked === true)} aria-label="Select all letters shown" />}</span>
          <span role="columnheader">Received</span><span role="columnheader">Source</span><span role="columnheader">Reason</span><span role="columnheader">Record</span>
          <span role="columnheader" className={styles.right}>Size</span><span role="columnheader" className={styles.right} title="Replays that failed">Tried</span><span role="columnheader">State</span>
        </div>
        <div style={{ height: virtual.getTotalSize(), position: "relative" }}>
          {items.map((item) => {
            const l = letters[item.index]!;
            const toggle = (event: MouseEvent) => { event.preventDefault(); event.stopPropagation(); selection.toggle(item.index, event.shiftKey); };
            return (
              <div
                key={l.id} id={`letter-${l.id}`} role="row" aria-rowindex={item.index + 2} aria-selected={selection.ids.has(l.id)} className={`${styles.row} ${styles.lineRow}`} data-current={item.index === current || undefined} data-shown={l.id === chosen || undefined}
                style={{ transform: `translateY(${item.start}px)` }} onClick={() => { selection.point(item.index); onChoose(l.id); }}
              >
                <span role="gridcell" className={styles.check} onClick={canSelect ? toggle : undefined}>{canSelect && <Checkbox checked={selection.ids.has(l.id)} aria-label={`Select letter ${l.id}`} tabIndex={-1} />}</span>
                <span role="gridcell"><When at={l.receivedAt} suffix /></span>
                <span role="gridcell" className={`${styles.clip} ${styles.code}`} title={`${l.source} ${l.position}`}>{l.source}</span>
                <span role="gridcell" className={styles.clip} title={l.reason}>{sentence(l.reason)}</span>
                <span role="gridcell" className={`${styles.clip} ${styles.code}`}>{l.rawEncoding === "base64" ? <span className={styles.quiet}>not text</span> : visible(l.raw.slice(0, 300)) || <span className={styles.quiet}>empty</span>}</span>
                <span role="gridcell" className={styles.right}>{size(l.rawLength)}</span>
                <span role="gridcell" className={styles.right}>{l.attempts || <span className={styles.quiet}>–</span>}</span>
                <span role="gridcell"><LetterState state={l.state} /></span>
              </div>
            );
          })}
        </div>
      </div>
      <div className={styles.foot}>{letters.length < total ? `${letters.length.toLocaleString("en-US")} of ${count(total, "letter")}` : count(letters.length, "letter")}, newest first</div>
    </>
  );
}
