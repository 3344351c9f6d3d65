import type { Deletion, Hold, HoldScope, Stock, TableStock } from "../../api/types.gen";
import { utc } from "../../lib/time";
import { size } from "../../lib/visible";
import { count, sentence } from "../../lib/words";
import type { Sort } from "./url";

/** Says why nothing is taken in, and when it goes on: with a tenth more than the mark (internal/telemetry/room.go). */
export function stoppedText(s: Stock): string {
  const isBelow = s.diskFree >= 0 && s.diskFree < s.minFree * 1.1;
  const why = isBelow ? `The disk of the data folder has ${size(s.diskFree)} free, and ${size(s.minFree)} are to stay free.` : "A write found the disk full.";
  const back = isBelow ? `It goes on by itself with ${size(s.minFree * 1.1)} free: free some space, or lower what is kept.` : "It is tried again every ten seconds.";
  return `${why} Senders are told to come back later; nothing that was acknowledged is lost. Queries, incidents, holds and retention go on. ${back}`;
}

const dayMillis = 86_400_000;

/** Says how long rows are kept: 90 days, for ever. */
export const keptText = (days: number) => (days === 0 ? "for ever" : `${days.toLocaleString("en-US", { maximumFractionDigits: 1 })} ${days === 1 ? "day" : "days"}`);

/** When the rows of a table that came first have been kept long enough, in milliseconds; null for never. */
export const nextToGo = (t: TableStock): number | null => (t.keepDays > 0 && t.receivedAt ? Date.parse(t.receivedAt) + t.keepDays * dayMillis : null);

/** What was deleted of each table when it last was: all lines of that pass together. */
export function lastDeletions(list: Deletion[]): Map<string, { at: string; rows: number; held: number }> {
  const last = new Map<string, { at: string; rows: number; held: number }>();
  for (const d of list) {
    if (!d.table) continue;
    const have = last.get(d.table);
    if (!have) last.set(d.table, { at: d.at, rows: d.rows, held: d.held });
    else if (Date.parse(have.at) - Date.parse(d.at) < samePass) last.set(d.table, { ...have, rows: have.rows + d.rows, held: have.held + d.held });
  }
  return last;
}

/** Says why rows were deleted, with sizes in the unit that fits. */
export const whyText = (reason: string): string => sentence(reason.replace(/\b(had|bound is) (\d+)(?: bytes)?/g, (_, verb: string, bytes: string) => `${verb} ${size(Number(bytes))}`));

const samePass = 600_000; // passes are hours apart

/** The tables whose name fits, in order; what has no value comes last. */
export function arranged(tables: TableStock[], q: string, sort: string): TableStock[] {
  const field = sort.replace(/^-/, "") as Sort;
  const sign = sort.startsWith("-") ? -1 : 1;
  const value = (t: TableStock): number | string | null => ({ name: t.name.toLowerCase(), rows: t.rows, bytes: t.bytes, oldest: t.oldest, newest: t.newest, next: nextToGo(t) })[field];
  return tables
    .filter((t) => t.name.toLowerCase().includes(q.trim().toLowerCase()))
    .sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      if (x === y) return a.name.localeCompare(b.name);
      if (x === null || y === null) return x === null ? 1 : -1;
      return x < y ? -sign : sign;
    });
}

/** Says what a hold keeps, in words. */
export function scopeText(h: Pick<Hold, "table" | "from" | "to" | "entity" | "incident">): string {
  const rows = h.table ? `Rows of ${h.table}` : "Rows of all tables";
  const time = h.from && h.to ? ` from ${when(h.from)} to ${when(h.to)}` : h.from ? ` from ${when(h.from)} on` : h.to ? ` before ${when(h.to)}` : "";
  const text = h.entity ? `, in which “${h.entity}” occurs` : "";
  return !h.table && !time && !text ? "Every row of every table" : `${rows}${time}${text}`;
}

/** A time without what is zero: 2026-11-21, 2026-11-21 14:00. */
const when = (time: string) => utc(time).replace(/:00 UTC$/, "").replace(/ 00:00$/, "");

/** Makes the query of a hold's preview. */
export const scopeQuery = (h: HoldScope | Hold): Record<string, string | number | undefined> => ({ table: h.table || undefined, from: h.from ?? undefined, to: h.to ?? undefined, entity: h.entity || undefined, incident: "id" in h ? undefined : h.incident || undefined });

/** Says what is held: 12 rows of 2 tables. */
export const heldText = (rows: number, tables: number) => (rows === 0 ? "no row" : `${count(rows, "row")} of ${count(tables, "table")}`);
