import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { LiveStream } from "./stream";
import type { Change } from "./types.gen";

class Source {
  onopen: (() => void) | null = null;
  onmessage: ((m: { data: string }) => void) | null = null;
  onerror: (() => void) | null = null;
  closed = false;
  close() { this.closed = true; }
}
let sources: Source[];
const open = () => { const s = new Source(); sources.push(s); return s as unknown as EventSource; };

beforeEach(() => { sources = []; vi.useFakeTimers(); });
afterEach(() => { vi.useRealTimers(); });

test("delivers changes and ignores what is no JSON", () => {
  const seen: Change[] = [];
  const stream = new LiveStream(() => {}, open);
  stream.listen((c) => seen.push(c));
  stream.start();
  sources[0]!.onopen!();
  sources[0]!.onmessage!({ data: '{"kind":"incident","incidentId":7,"at":"x"}' });
  sources[0]!.onmessage!({ data: "ping" });
  expect(seen.map((c) => c.incidentId)).toEqual([7]);
  expect(stream.current().phase).toBe("live");
});

test("reconnects with growing delays and reports the gap once", () => {
  const gap = vi.fn();
  const stream = new LiveStream(gap, open);
  stream.start();
  sources[0]!.onopen!();
  expect(gap).not.toHaveBeenCalled();
  sources[0]!.onerror!();
  expect(stream.current().phase).toBe("broken");
  vi.advanceTimersByTime(1_000);
  sources[1]!.onerror!();
  vi.advanceTimersByTime(1_999);
  expect(sources.length).toBe(2);
  vi.advanceTimersByTime(1);
  expect(stream.current().phase).toBe("broken");
  sources[2]!.onopen!();
  expect(stream.current().phase).toBe("live");
  expect(gap).toHaveBeenCalledTimes(1);
});

test("a stopped stream stays stopped", () => {
  const stream = new LiveStream(() => {}, open);
  stream.start();
  sources[0]!.onerror!();
  stream.stop();
  vi.advanceTimersByTime(60_000);
  expect(sources.length).toBe(1);
  expect(stream.current().phase).toBe("off");
});
