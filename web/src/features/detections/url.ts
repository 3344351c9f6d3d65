/** What the detections page shows; all of it stands in the address. */
export interface RulesView { q: string; state: string; kind: string; rule: string }

type Search = Record<string, string | undefined>;
const states = ["on", "paused", "rejected"];
const kinds = ["sigma", "scheduled", "nrt"];

/** Reads a view from the address; what it does not understand is left out. */
export function parseRules({ q = "", state = "", kind = "", rule = "" }: Search): RulesView {
  return { q, state: states.includes(state) ? state : "", kind: kinds.includes(kind) ? kind : "", rule };
}

/** Writes a view for the address. */
export const formatRules = (view: RulesView): Search => ({ q: view.q || undefined, state: view.state || undefined, kind: view.kind || undefined, rule: view.rule || undefined });
