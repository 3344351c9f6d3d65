import type { Column, Json } from "../api/types.gen";

export type Row = Json[];

const numeric = new Set(["int", "long", "real", "decimal", "timespan"]);

/** Says whether a KQL type reads better flush right. */
export const isNumeric = (type: string) => numeric.has(type);

/** A cell as text, whole: what is copied and exported. Null is empty. */
export function cellText(value: Json | undefined): string {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** A cell as it stands in the grid: datetimes to the millisecond, long text on one line. */
export function shownText(value: Json | undefined, type: string): string {
  const text = cellText(value);
  if (type === "datetime") return text.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:(\.\d{3})\d*)?Z?$/, "$1 $2$3");
  return text.length > 400 ? `${text.slice(0, 400)}…` : text;
}

/** Orders two cells of a KQL type; null comes last in either direction, so the sort asks for it. */
export function compareCells(a: Json, b: Json, type: string): number {
  if (type === "timespan") return number(ticks(String(a)), ticks(String(b)));
  if (type === "long" || type === "int" || type === "real" || type === "decimal") return number(Number(a), Number(b)) || (typeof a === "string" && typeof b === "string" ? big(a, b) : 0);
  if (type === "bool") return number(Number(a), Number(b));
  const [x, y] = [cellText(a), cellText(b)];
  return type === "datetime" ? (x < y ? -1 : x > y ? 1 : 0) : collator.compare(x, y);
}

const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
const number = (a: number, b: number) => (Number.isNaN(a) ? (Number.isNaN(b) ? 0 : -1) : Number.isNaN(b) ? 1 : a - b);

/** Orders integers that JavaScript's numbers cannot hold, which arrive as digits. */
function big(a: string, b: string): number {
  if (!/^-?\d+$/.test(a) || !/^-?\d+$/.test(b)) return 0;
  const difference = BigInt(a) - BigInt(b);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** Reads a timespan as KQL prints it, [-][d.]hh:mm:ss[.fffffff], in 100-ns ticks. */
export function ticks(text: string): number {
  const found = /^(-)?(?:(\d+)\.)?(\d+):(\d\d):(\d\d)(?:\.(\d{1,7}))?$/.exec(text);
  if (!found) return Number.NaN;
  const [, sign, days = "0", hours = "0", minutes = "0", seconds = "0", fraction = ""] = found;
  const whole = ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds);
  return (whole * 1e7 + Number(fraction.padEnd(7, "0"))) * (sign ? -1 : 1);
}

export interface Sort { column: number; descending: boolean }

/** The rows to show: those whose cells contain every filter, ignoring case, in the order asked for. Returns row numbers. */
export function arrange(columns: Column[], rows: Row[], filters: Record<number, string>, sort: Sort | null): number[] {
  const wanted = Object.entries(filters).filter(([, text]) => text !== "").map(([column, text]) => [Number(column), text.toLowerCase()] as const);
  const kept: number[] = [];
  rows.forEach((row, i) => {
    if (wanted.every(([column, text]) => cellText(row[column]).toLowerCase().includes(text))) kept.push(i);
  });
  if (!sort) return kept;
  const type = columns[sort.column]?.type ?? "string";
  return kept.sort((a, b) => {
    const [x, y] = [rows[a]![sort.column] ?? null, rows[b]![sort.column] ?? null];
    if (x === null || y === null) return x === y ? a - b : x === null ? 1 : -1;
    return (sort.descending ? -1 : 1) * compareCells(x, y, type) || a - b;
  });
}

const letterWidth = 7.1;

/** Guesses widths in pixels from the header and the first rows. */
export function widths(columns: Column[], rows: Row[]): number[] {
  return columns.map((column, i) => {
    let letters = column.name.length + 3;
    for (const row of rows.slice(0, 60)) letters = Math.max(letters, Math.min(shownText(row[i], column.type).length, 46));
    return Math.round(Math.min(Math.max(letters * letterWidth + 18, 64), 340));
  });
}
