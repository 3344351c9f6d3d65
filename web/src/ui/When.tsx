import { useSyncExternalStore } from "react";
import { ago, utc } from "../lib/time";

let now = Date.now();
const watchers = new Set<() => void>();
setInterval(() => {
  now = Date.now();
  for (const watcher of watchers) watcher();
}, 10_000);
const watch = (watcher: () => void) => {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
};

/** The clock of the page: milliseconds, moving every 10 s. */
export const useNow = (): number => useSyncExternalStore(watch, () => now);

/** A time as how long ago it was, with the exact time in UTC as its tooltip. */
export function When({ at, suffix = false }: { at: string | null; suffix?: boolean }) {
  const now = useNow();
  if (!at) return <span aria-label="never">–</span>;
  const text = ago(at, Math.max(now, Date.now() - 10_000));
  return <time dateTime={at} title={utc(at)}>{text}{suffix && text !== "now" && !text.startsWith("in ") ? " ago" : ""}</time>;
}
