import type { Schema, SchemaTable } from "../../api/types.gen";
import type { TimeRange } from "../../kql/link";
import { utc } from "../../lib/time";

/** The schema as far as it fits a search: tables by name or by a column's name. */
export function searchSchema(schema: Schema, text: string): { tables: SchemaTable[]; functions: Schema["functions"] } {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return schema;
  const tables = schema.tables.flatMap((table) => {
    if (table.name.toLowerCase().includes(wanted)) return [table];
    const columns = table.columns.filter((c) => c.name.toLowerCase().includes(wanted));
    return columns.length ? [{ ...table, columns }] : [];
  });
  return { tables, functions: schema.functions.filter((f) => f.name.toLowerCase().includes(wanted)) };
}

export const rangeNames = { "1h": "Last hour", "4h": "Last 4 hours", "24h": "Last 24 hours", "7d": "Last 7 days", "30d": "Last 30 days", all: "All time" } as const;

/** Says a time range. */
export function rangeText(range: TimeRange): string {
  return "preset" in range ? rangeNames[range.preset] : `${utc(range.from).slice(0, 16)} – ${utc(range.to).slice(0, 16)} UTC`;
}

/** The text to insert for a name: in brackets when it is no plain identifier. */
export const insertable = (name: string) => (/^[A-Za-z_]\w*$/.test(name) ? name : `['${name.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}']`);
