/** What the hunting page shows; all of it stands in its address. */
export interface HuntView {
  query: string;
  range: TimeRange;
}

/** A time range: one of the presets, or from and to in RFC 3339. */
export type TimeRange = { preset: Preset } | { from: string; to: string };
export type Preset = keyof typeof presets;

/** The presets, in milliseconds back from now; all has no bound. */
export const presets = { "1h": 3_600_000, "4h": 14_400_000, "24h": 86_400_000, "7d": 604_800_000, "30d": 2_592_000_000, all: null } as const;

export const defaultRange: TimeRange = { preset: "24h" };

type Search = Record<string, string | undefined>;

/** Reads a hunt from the address; a bad range becomes the default. */
export function parseHunt(search: Search): HuntView {
  const { q = "", range = "", from = "", to = "" } = search;
  if (from && to && isTime(from) && isTime(to) && from < to) return { query: q, range: { from, to } };
  return { query: q, range: Object.hasOwn(presets, range) ? { preset: range as Preset } : defaultRange };
}

/** Writes a hunt for the address. */
export function formatHunt({ query, range }: HuntView): Search {
  const time: Search = "preset" in range ? { range: range.preset === "24h" ? undefined : range.preset } : { from: range.from, to: range.to };
  return { q: query || undefined, ...time };
}

/** The bounds to send with a query, now in milliseconds. */
export function boundsOf(range: TimeRange, now: number): { from?: string; to?: string } {
  if (!("preset" in range)) return { from: range.from, to: range.to };
  const back = presets[range.preset];
  return back === null ? {} : { from: new Date(now - back).toISOString(), to: new Date(now).toISOString() };
}

const isTime = (text: string) => /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(text) && !Number.isNaN(Date.parse(text));
