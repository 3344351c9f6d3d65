/** What the page of dead letters shows; all of it stands in the address. */
export interface LettersView {
  state: string; // open, replayed, discarded, all
  source: string;
  q: string; // part of the reason
  since: string; // a key of stretches, "" for any
  kind: string; // the group of reasons that is looked at, "" for all
  table: string; // the table of that group, "-" for none, "" for all
  of: string; // the source of that group
  letter: string; // the one in the side panel
}

export const states = ["open", "replayed", "discarded", "all"];

/** How far back letters are looked at, in milliseconds. */
export const stretches: Record<string, number> = { "1h": 3_600_000, "24h": 86_400_000, "7d": 604_800_000, "30d": 2_592_000_000 };

export const defaultView: LettersView = { state: "open", source: "", q: "", since: "", kind: "", table: "", of: "", letter: "" };

type Search = Record<string, string | undefined>;

/** Reads a view from the address; what it does not understand becomes the default. */
export function parseLetters({ state = "", source = "", q = "", since = "", kind = "", table = "", of = "", letter = "" }: Search): LettersView {
  return { state: states.includes(state) ? state : "open", source, q, since: Object.hasOwn(stretches, since) ? since : "", kind, table: kind ? table : "", of: kind ? of : "", letter };
}

/** Writes a view for the address. */
export function formatLetters(view: LettersView): Search {
  const text: Search = {};
  for (const [name, value] of Object.entries(view)) text[name] = value === defaultView[name as keyof LettersView] ? undefined : value;
  return text;
}

/** The query of the API: all letters that fit, or, with the group, those of the group that is looked at. */
export function queryOf(view: LettersView, withGroup: boolean, now: number): Record<string, string | undefined> {
  const back = stretches[view.since];
  return {
    state: view.state, source: (withGroup && view.of) || view.source || undefined, reason: view.q.trim() || undefined, since: back === undefined ? undefined : new Date(now - back).toISOString(),
    kind: (withGroup && view.kind) || undefined, table: (withGroup && view.table) || undefined,
  };
}
