import { Button, Field, Input, MenuButton, Popover, PopoverSurface, PopoverTrigger } from "@fluentui/react-components";
import { ClockRegular } from "@fluentui/react-icons";
import { useState } from "react";
import { presets, type Preset, type TimeRange } from "../../../kql/link";
import { readTime, utc } from "../../../lib/time";
import { rangeNames, rangeText } from "../model";
import styles from "./TimeRangePicker.module.css";

/** The time range of a hunt: a preset, or from and to in UTC. */
export function TimeRangePicker({ range, onRange }: { range: TimeRange; onRange: (range: TimeRange) => void }) {
  const [isOpen, setOpen] = useState(false);
  const [from, setFrom] = useState("");
  const [to, setTo] = useState("");
  const [start, end] = [readTime(from), readTime(to)];
  const take = (next: TimeRange) => { onRange(next); setOpen(false); };
  const open = (next: boolean) => {
    if (next) {
      const shown = "preset" in range ? { from: new Date(Date.now() - 86_400_000).toISOString(), to: new Date().toISOString() } : range;
      setFrom(utc(shown.from).slice(0, 16));
      setTo(utc(shown.to).slice(0, 16));
    }
    setOpen(next);
  };
  return (
    <Popover open={isOpen} onOpenChange={(_, d) => open(d.open)} trapFocus>
      <PopoverTrigger disableButtonEnhancement><MenuButton size="small" icon={<ClockRegular />} aria-label={`Time range: ${rangeText(range)}`}>{rangeText(range)}</MenuButton></PopoverTrigger>
      <PopoverSurface className={styles.surface}>
        <div className={styles.presets}>
          {(Object.keys(presets) as Preset[]).map((p) => <Button key={p} size="small" appearance={"preset" in range && range.preset === p ? "primary" : "subtle"} onClick={() => take({ preset: p })}>{rangeNames[p]}</Button>)}
        </div>
        <form className={styles.custom} onSubmit={(e) => { e.preventDefault(); if (start && end && start < end) take({ from: start, to: end }); }}>
          <Field size="small" label="From (UTC)" validationMessage={from && !start ? "Write it as 2026-11-21 14:00" : undefined}><Input size="small" value={from} onChange={(_, d) => setFrom(d.value)} /></Field>
          <Field size="small" label="To (UTC)" validationMessage={to && !end ? "Write it as 2026-11-21 14:00" : start && end && start >= end ? "It must be later than From" : undefined}><Input size="small" value={to} onChange={(_, d) => setTo(d.value)} /></Field>
          <Button size="small" type="submit" disabled={!start || !end || start >= end}>Use this range</Button>
        </form>
      </PopoverSurface>
    </Popover>
  );
}
