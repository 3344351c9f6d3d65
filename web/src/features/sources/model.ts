import type { Source } from "../../api/types.gen";

/** What is missing from a source's equation: received minus all that is accounted for; 0 when it balances. */
export const missing = (s: Source) => s.received - s.stored - s.duplicates - s.deadLettered - s.filtered;

/** The parts of the whole, in percent; a part that exists is never invisible. */
export function shares(s: Source): { name: "stored" | "duplicates" | "deadLettered" | "filtered"; percent: number }[] {
  const whole = Math.max(s.received, s.stored + s.duplicates + s.deadLettered + s.filtered, 1);
  return (["stored", "duplicates", "deadLettered", "filtered"] as const).filter((name) => s[name] > 0).map((name) => ({ name, percent: Math.max((100 * s[name]) / whole, 0.6) }));
}

/** The sum over all sources. */
export function totals(list: Source[]): Source {
  const sum: Source = { id: "", received: 0, stored: 0, duplicates: 0, deadLettered: 0, filtered: 0, rows: 0, lastAt: null, balanced: true };
  for (const s of list) {
    for (const field of ["received", "stored", "duplicates", "deadLettered", "filtered", "rows"] as const) sum[field] += s[field];
    if (s.lastAt && (!sum.lastAt || s.lastAt > sum.lastAt)) sum.lastAt = s.lastAt;
    sum.balanced &&= s.balanced;
  }
  return sum;
}

/** The query that shows the dead letters of a source. */
export const deadLetterQuery = (id: string) => `DeadLetters\n| where _Source == ${JSON.stringify(id)}\n| take 100`;
