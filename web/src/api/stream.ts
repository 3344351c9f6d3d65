import { useSyncExternalStore } from "react";
import type { Change } from "./types.gen";

/** How the live connection stands; since is when it came to stand so. */
export interface LiveState {
  phase: "off" | "connecting" | "live" | "broken";
  since: number;
}

const delays = [1_000, 2_000, 5_000, 10_000, 30_000];

/**
 * The live connection: server-sent events of GET /api/v1/stream. It mends
 * itself; after each mend onGap is called once, because changes were missed.
 */
export class LiveStream {
  private source: EventSource | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private attempt = 0;
  private state: LiveState = { phase: "off", since: 0 };
  private watchers = new Set<() => void>();
  private listeners = new Set<(change: Change) => void>();
  private wasLive = false;

  constructor(
    private readonly onGap: () => void,
    private readonly open: (url: string) => EventSource = (url) => new EventSource(url),
    private readonly now: () => number = Date.now,
  ) {}

  start(): void {
    if (this.source) return;
    if (this.state.phase !== "broken") this.become("connecting");
    const source = this.open("/api/v1/stream");
    this.source = source;
    source.onopen = () => {
      this.attempt = 0;
      this.become("live");
      if (this.wasLive) this.onGap();
      this.wasLive = true;
    };
    source.onmessage = (message: MessageEvent<string>) => this.receive(message.data);
    source.onerror = () => this.retry();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
    this.wasLive = false;
    this.become("off");
  }

  /** Tries again at once, for a user who does not want to wait. */
  reconnect(): void {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
    this.start();
  }

  listen(listener: (change: Change) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  readonly watch = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  };

  readonly current = (): LiveState => this.state;

  private receive(text: string): void {
    let change: Change;
    try {
      change = JSON.parse(text) as Change;
    } catch {
      return; // a heartbeat of a proxy, not a change
    }
    for (const listener of this.listeners) listener(change);
  }

  private retry(): void {
    this.source?.close();
    this.source = null;
    this.become("broken");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.start(), delays[Math.min(this.attempt++, delays.length - 1)]);
  }

  private become(phase: LiveState["phase"]): void {
    if (this.state.phase === phase) return;
    this.state = { phase, since: this.now() };
    for (const watcher of this.watchers) watcher();
  }
}

/** Follows the state of a live connection. */
export function useLiveState(stream: LiveStream): LiveState {
  return useSyncExternalStore(stream.watch, stream.current);
}
