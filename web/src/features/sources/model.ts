import type { Source } from "../../api/types.gen";

/** What is missing from a source's equation: received minus all that is accounted for; 0 when it balances. */
export const missing = (s: Source) => s.received - s.stored - s.duplicates - s.deadLettered - s.filtered;

/** The parts of the whole, in percent; a part that exists is never invisible. */
export function shares(s: Source): { name: "stored" | "duplicates" | "deadLettered" | "filtered"; percent: number }[] {
  const whole = Math.max(s.received, s.stored + s.duplicates + s.deadLettered + s.filtered, 1);
  return (["stored", "duplicates", "deadLettered", "filtered"] as const).filter((name) => s[name] > 0).map((name) => ({ name, percent: Math.max((100 * s[name]) / whole, 0.6) }));
}

const nothing: Source = { id: "", received: 0, stored: 0, duplicates: 0, deadLettered: 0, filtered: 0, rows: 0, replayed: 0, discarded: 0, lastAt: null, balanced: true, hours: [], skewSeconds: 0, ahead: 0, lastAhead: null, shortened: 0, lastShortened: null, drift: 0, opened: null };

/** The sum over all sources. */
export function totals(list: Source[]): Source {
  const sum: Source = { ...nothing, hours: Array.from({ length: Math.max(0, ...list.map((s) => s.hours.length)) }, () => 0) };
  for (const s of list) {
    s.hours.forEach((n, i) => { sum.hours[i] = (sum.hours[i] ?? 0) + n; });
    for (const field of ["received", "stored", "duplicates", "deadLettered", "filtered", "rows", "replayed", "discarded"] as const) sum[field] += s[field];
    if (s.lastAt && (!sum.lastAt || s.lastAt > sum.lastAt)) sum.lastAt = s.lastAt;
    sum.balanced &&= s.balanced;
  }
  return sum;
}

/** Something to know of a source besides its figures; query shows more of it on the hunting page. */
export interface Note { tone: "bad" | "warn" | "plain"; text: string; title?: string; query?: string }

/** What there is to know of a source, the worst first. */
export function notes(s: Source, now: number): Note[] {
  const list: Note[] = [];
  const o = s.opened;
  if (o?.state === "failed") list.push({ tone: "bad", text: "cannot be opened", title: o.lastError });
  if (o?.state === "waiting") list.push({ tone: "warn", text: "not connected yet", title: o.lastError || o.detail });
  if (o?.state === "connected" && o.lastErrorAt && now - Date.parse(o.lastErrorAt) < 3_600_000) list.push({ tone: "warn", text: "had an error", title: o.lastError });
  if (o?.refused?.length) list.push({ tone: "warn", text: `${(o.refused.length + o.refusedMore).toLocaleString("en-US")} files not read`, title: o.refused.map((r) => `${r.path}: ${r.reason}`).join("\n") });
  if (s.skewSeconds !== 0) list.push({ tone: "warn", text: `clock ${lengthOf(Math.abs(s.skewSeconds))} ${s.skewSeconds > 0 ? "behind" : "ahead"}`, title: "The times in its records against the time of their receipt. Events keep the time they bear." });
  if (s.lastAhead && now - Date.parse(s.lastAhead) < 86_400_000) list.push({ tone: "warn", text: "events from the future", title: "Records whose time was more than five minutes ahead of ours.", query: `IngestHistory\n| where SourceId == ${JSON.stringify(s.id)} and Ahead > 0` });
  if (s.lastShortened && now - Date.parse(s.lastShortened) < 86_400_000) list.push({ tone: "warn", text: "long values shortened", title: `Long texts of ${s.shortened.toLocaleString("en-US")} rows were shortened, since memory had no room for so many at once. Each says how long it was. Give Tocsin more memory (--memory).`, query: `search "[shortened by Tocsin"\n| where _Source == ${JSON.stringify(s.id)}\n| take 100` });
  if (s.drift > 0) list.push({ tone: "plain", text: s.drift === 1 ? "1 field without a column" : `${s.drift.toLocaleString("en-US")} fields without a column`, title: "Fields that no column of their table takes, and where they are kept.", query: `FieldDrift\n| where SourceId == ${JSON.stringify(s.id)}\n| sort by Records desc` });
  if (o?.state === "connected") list.push({ tone: "plain", text: o.detail });
  return list;
}

/** Says a length of time roughly: 40 s, 5 min, 3 h, 2 d. */
function lengthOf(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return seconds < 129_600 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`;
}

/** The heights of the bars of the last hours, in percent of the highest; an hour with anything is never invisible. */
export const bars = (hours: number[]) => hours.map((n) => (n === 0 ? 0 : Math.max(6, (100 * n) / Math.max(...hours))));
