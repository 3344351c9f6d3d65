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
 * Collects stale keys and refreshes each once, quietMillis after the first that
 * came; while a refresh is under way the next waits for it. So a burst of a
 * thousand changes costs a few requests, and a steady stream of them cannot
 * keep a slow refresh from ever ending.
 */
export class Refresher {
  private waiting = new Map<string, Key>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isBusy = false;

  constructor(private readonly refresh: (key: Key) => Promise<unknown>) {}

  ask(keys: Key[]): void {
    for (const key of keys) this.waiting.set(JSON.stringify(key), key);
    if (this.waiting.size > 0 && !this.isBusy) this.timer ??= setTimeout(() => void this.flush(), quietMillis);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.waiting.clear();
  }

  private async flush(): Promise<void> {
    const keys = [...this.waiting.values()];
    this.stop();
    this.isBusy = true;
    await Promise.allSettled(keys.map((key) => this.refresh(key)));
    this.isBusy = false;
    this.ask([]);
  }
}
