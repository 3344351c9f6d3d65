import type { TimeRange } from "./link";

/** One query that was run in this window. */
export interface Past { query: string; range: TimeRange; at: number; rows: number | null; tookMs: number; failed: boolean }

const storageKey = "tocsin.history";
const kept = 50;

/** Adds a run to the front; the same query in the same range stands there once. */
export function remember(list: Past[], run: Past): Past[] {
  const same = (p: Past) => p.query === run.query && JSON.stringify(p.range) === JSON.stringify(run.range);
  return [run, ...list.filter((p) => !same(p))].slice(0, kept);
}

/** Reads the history of this window; anything unreadable is an empty history. */
export function loadHistory(storage: Storage): Past[] {
  try {
    const list: unknown = JSON.parse(storage.getItem(storageKey) ?? "[]");
    return Array.isArray(list) ? list.filter((p: Past) => typeof p?.query === "string" && typeof p.range === "object" && p.range !== null) : [];
  } catch {
    return [];
  }
}

/** Keeps the history in this window; a full storage loses the history, not the page. */
export function saveHistory(storage: Storage, list: Past[]): void {
  try {
    storage.setItem(storageKey, JSON.stringify(list));
  } catch {
    storage.removeItem(storageKey);
  }
}
