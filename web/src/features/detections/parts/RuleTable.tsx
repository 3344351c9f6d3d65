import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import type { Rule } from "../../../api/types.gen";
import { ruleKindName, tacticName } from "../../../lib/words";
import { Severity } from "../../../ui/Severity";
import { When } from "../../../ui/When";
import { RuleState } from "./RuleState";
import styles from "./Rules.module.css";

interface Props { rules: Rule[]; total: number; chosen: string; onChoose: (id: string) => void; onEnd: () => void }

/** The rules; only the rows on the screen exist. Arrows move, Enter shows the rule. */
export function RuleTable({ rules, total, chosen, onChoose, onEnd }: Props) {
  const scroll = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({ count: rules.length, getScrollElement: () => scroll.current, estimateSize: () => 32, overscan: 12, scrollPaddingStart: 32 });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => { if (last >= rules.length - 20) onEnd(); }, [last, rules.length, onEnd]);
  const at = rules.findIndex((r) => r.id === chosen);
  const move = (step: number) => {
    const next = Math.min(Math.max(at + step, 0), rules.length - 1);
    if (rules[next]) onChoose(rules[next].id);
    virtual.scrollToIndex(next);
  };
  return (
    <div
      ref={scroll} className={styles.scroll} role="grid" aria-label="Detection rules" aria-rowcount={total + 1} tabIndex={0} aria-activedescendant={at >= 0 ? `rule-${at}` : undefined}
      onKeyDown={(e) => { const step = e.key === "ArrowDown" ? 1 : e.key === "ArrowUp" ? -1 : 0; if (step) { e.preventDefault(); move(step); } }}
    >
      <div role="row" className={`${styles.row} ${styles.head}`}>
        {["State", "Rule", "Severity", "Kind", "Tactics", "Techniques"].map((n) => <span key={n} role="columnheader">{n}</span>)}
        <span role="columnheader" className={styles.right}>Alerts</span><span role="columnheader" className={styles.right}>Last run</span>
      </div>
      <div style={{ height: virtual.getTotalSize(), position: "relative" }}>
        {items.map((item) => {
          const r = rules[item.index]!;
          return (
            <div key={r.id} id={`rule-${item.index}`} role="row" aria-rowindex={item.index + 2} aria-selected={r.id === chosen} className={`${styles.row} ${styles.line}`} style={{ transform: `translateY(${item.start}px)` }} onClick={() => onChoose(r.id)}>
              <span role="gridcell"><RuleState state={r.state} /></span>
              <span role="gridcell" className={styles.title} title={r.title}>{r.title}</span>
              <span role="gridcell"><Severity level={r.severity} /></span>
              <span role="gridcell">{ruleKindName(r.kind)}</span>
              <span role="gridcell" className={styles.clip}>{r.tactics.map(tacticName).join(", ")}</span>
              <span role="gridcell" className={`${styles.clip} ${styles.code}`}>{r.techniques.join(", ")}</span>
              <span role="gridcell" className={styles.right}>{r.alerts.toLocaleString("en-US")}</span>
              <span role="gridcell" className={styles.right}><When at={r.lastRun} /></span>
            </div>
          );
        })}
      </div>
    </div>
  );
}
