import { fuzzy } from "../lib/fuzzy";
import { shortcuts, type ActionId } from "../lib/shortcuts";

/** One line of the command palette: an action, or an incident to open. */
export type Choice = { kind: "action"; id: ActionId; title: string; keys: string } | { kind: "incident"; number: number; title: string };

const hidden: ActionId[] = ["app.palette", "queue.next", "queue.previous", "queue.open", "queue.select", "letters.next", "letters.previous", "letters.open", "letters.select", "letters.close", "retention.close"];

/** Lists what fits the text, best first; a number also offers that incident. */
export function choices(possible: ActionId[], text: string): Choice[] {
  const wanted = text.trim();
  const number = /^#?(\d{1,12})$/.exec(wanted)?.[1];
  const open: Choice[] = number ? [{ kind: "incident", number: Number(number), title: `Open incident ${number}` }] : [];
  const actions = possible
    .filter((id) => !hidden.includes(id))
    .map((id) => ({ id, score: fuzzy(wanted, shortcuts[id].title) }))
    .filter((c): c is { id: ActionId; score: number } => c.score !== null)
    .sort((a, b) => (wanted ? b.score - a.score : order(a.id) - order(b.id)))
    .map(({ id }): Choice => ({ kind: "action", id, title: shortcuts[id].title, keys: shortcuts[id].keys }));
  return [...open, ...actions];
}

/** Without text: what the page offers first, then where to go, then the rest. */
function order(id: ActionId): number {
  return shortcuts[id].group !== "Everywhere" ? 0 : id.startsWith("go.") ? 1 : 2;
}
