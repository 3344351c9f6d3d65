/** One query of a text that holds several; start and end are offsets in UTF-16 units, half open. */
export interface Statement {
  text: string;
  start: number;
  end: number;
}

/** Splits a text into its queries: they are separated by blank lines, as in Kusto's own editors. */
export function statements(text: string): Statement[] {
  const list: Statement[] = [];
  let start = -1;
  let end = 0;
  let at = 0;
  let isOpen = false; // inside a string over several lines: its blank lines separate nothing
  for (const line of text.split("\n")) {
    const length = line.endsWith("\r") ? line.length - 1 : line.length;
    if (line.trim() === "" && !isOpen) {
      if (start >= 0) list.push({ text: text.slice(start, end), start, end });
      start = -1;
    } else {
      if (start < 0) start = at;
      end = at + length;
      if ((line.match(/```|~~~/g)?.length ?? 0) % 2 === 1) isOpen = !isOpen;
    }
    at += line.length + 1;
  }
  if (start >= 0) list.push({ text: text.slice(start, end), start, end });
  return list.filter((s) => !isComment(s.text));
}

/** Finds the query at an offset; in the space between two, the one before. */
export function statementAt(text: string, offset: number): Statement | null {
  const list = statements(text);
  return list.findLast((s) => s.start <= offset) ?? list[0] ?? null;
}

/** Says whether a text is nothing but comments. */
const isComment = (text: string) => text.split("\n").every((line) => /^\s*(\/\/.*)?$/.test(line));
