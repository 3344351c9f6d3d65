/**
 * Scores how well the letters of query occur in text, in order: higher is
 * better, null is no match. Starts of words and runs of letters count more.
 */
export function fuzzy(query: string, text: string): number | null {
  const wanted = query.toLowerCase().replace(/\s+/g, "");
  const lower = text.toLowerCase();
  let score = 0;
  let from = 0;
  let previous = -2;
  for (const letter of wanted) {
    const starts = wordStart(lower, letter, from);
    const plain = lower.indexOf(letter, from);
    if (plain < 0) return null;
    const at = plain === previous + 1 || starts < 0 ? plain : starts;
    score += at === previous + 1 ? 3 : at === starts ? 2 : 0;
    previous = at;
    from = at + 1;
  }
  return score - text.length / 100;
}

/** Finds letter at the start of a word at or after from; -1 if there is none. */
function wordStart(text: string, letter: string, from: number): number {
  for (let i = from; i < text.length; i++) {
    if (text[i] === letter && (i === 0 || /[^a-z0-9]/.test(text[i - 1]!))) return i;
  }
  return -1;
}
