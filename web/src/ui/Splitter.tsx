import { useState, type KeyboardEvent, type PointerEvent, type ReactNode } from "react";
import styles from "./Splitter.module.css";

interface Props { name: string; direction: "rows" | "columns"; initial: number; min: number; max: number; first: ReactNode; second: ReactNode }

/** Two panes with a border that can be dragged, or moved with the arrow keys; the first pane's size is kept in this browser. */
export function Splitter({ name, direction, initial, min, max, first, second }: Props) {
  const key = `tocsin.split.${name}`;
  const [size, setSize] = useState(() => clamp(Number(localStorage.getItem(key)) || initial, min, max));
  const keep = (next: number) => {
    const fits = clamp(next, min, max);
    setSize(fits);
    localStorage.setItem(key, String(fits));
  };
  const isRows = direction === "rows";
  const drag = (event: PointerEvent<HTMLDivElement>) => {
    const handle = event.currentTarget;
    const from = isRows ? event.clientY : event.clientX;
    handle.setPointerCapture(event.pointerId);
    const move = (e: globalThis.PointerEvent) => keep(size + (isRows ? e.clientY : e.clientX) - from);
    handle.addEventListener("pointermove", move);
    handle.addEventListener("pointerup", () => handle.removeEventListener("pointermove", move), { once: true });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowUp: -24, ArrowLeft: -24, ArrowDown: 24, ArrowRight: 24 }[event.key];
    if (!step) return;
    event.preventDefault();
    keep(size + step);
  };
  return (
    <div className={styles.split} data-direction={direction} style={isRows ? { gridTemplateRows: `${size}px 5px minmax(0, 1fr)` } : { gridTemplateColumns: `${size}px 5px minmax(0, 1fr)` }}>
      <div className={styles.pane}>{first}</div>
      <div className={styles.handle} role="separator" tabIndex={0} aria-label={`Size of ${name}`} aria-orientation={isRows ? "horizontal" : "vertical"} aria-valuenow={size} aria-valuemin={min} aria-valuemax={max} onPointerDown={drag} onKeyDown={onKeyDown} />
      <div className={styles.pane}>{second}</div>
    </div>
  );
}

const clamp = (n: number, min: number, max: number) => Math.min(Math.max(n, min), max);
