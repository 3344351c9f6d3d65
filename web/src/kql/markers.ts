import type { Diagnostic } from "../api/types.gen";
import { unitsAt } from "../lib/utf8";

/** A diagnostic with its place in the whole text of the editor, in UTF-16 units. */
export interface Placed extends Diagnostic { from: number; to: number }

/** Places diagnostics of one query, whose text stands at offset in the editor. Each covers at least one character. */
export function place(diagnostics: Diagnostic[], query: string, offset: number): Placed[] {
  return diagnostics.map((d) => {
    const from = unitsAt(query, d.start);
    return { ...d, from: offset + from, to: offset + Math.max(unitsAt(query, d.end), from + 1) };
  });
}
