import type { Change } from "../api/types.gen";

export type Key = readonly (string | number)[];

/** Says which queries a change makes stale. */
export function keysOf(change: Change): Key[] {
  const incident: Key[] = change.incidentId ? [["incident", change.incidentId]] : [];
  switch (change.kind) {
    case "incident": return [["incidents"], ...incident];
    case "alert": return [...incident, ["rules"]];
    case "rule": return [["rules"], ["rule"]];
    case "source": return [["sources"]];
    case "reload": return [["incidents"], ["incident"], ["rules"], ["rule"], ["sources"]]; // the server had more changes than it could tell
    default: return []; // a kind of a newer server: nothing here shows it
  }
}

const quietMillis = 400;

/**
 * Collects stale keys and refreshes each at most once in quietMillis, so that
 * a burst of a thousand changes costs a few requests.
 */
export class Refresher {
  private waiting = new Map<string, Key>();
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly refresh: (key: Key) => void) {}

  ask(keys: Key[]): void {
    for (const key of keys) this.waiting.set(JSON.stringify(key), key);
    if (this.waiting.size > 0) this.timer ??= setTimeout(() => this.flush(), quietMillis);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.waiting.clear();
  }

  private flush(): void {
    const keys = [...this.waiting.values()];
    this.stop();
    for (const key of keys) this.refresh(key);
  }
}
