import type { Schema } from "../api/types.gen";

/** A scalar parameter of a function as monaco-kusto wants it. */
export interface Parameter { name: string; cslType: string; type: string; cslDefaultValue?: string }

const clrTypes: Record<string, string> = {
  bool: "System.SByte", datetime: "System.DateTime", decimal: "System.Data.SqlTypes.SqlDecimal", dynamic: "System.Object", guid: "System.Guid", int: "System.Int32", long: "System.Int64",
  real: "System.Double", string: "System.String", timespan: "System.TimeSpan",
};

/** Reads a parameter list as written: (x:long, y:string="a,b"). Tabular parameters are left out: the editor cannot check them. */
export function parameters(text: string): Parameter[] {
  const inner = text.trim().replace(/^\(/, "").replace(/\)$/, "");
  return splitOutside(inner).flatMap((part) => {
    const found = /^\s*([A-Za-z_]\w*)\s*:\s*(\w+)\s*(?:=\s*([\s\S]+?))?\s*$/.exec(part);
    const type = found?.[2] && clrTypes[found[2]];
    return found && type ? [{ name: found[1]!, cslType: found[2]!, type, ...(found[3] ? { cslDefaultValue: found[3] } : {}) }] : [];
  });
}

/** Splits by commas outside quotes and brackets. */
function splitOutside(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quote = "";
  let part = "";
  for (const letter of text) {
    if (quote) quote = letter === quote ? "" : quote;
    else if (letter === '"' || letter === "'") quote = letter;
    else if ("([{".includes(letter)) depth++;
    else if (")]}".includes(letter)) depth--;
    if (letter === "," && !quote && depth === 0) {
      parts.push(part);
      part = "";
    } else part += letter;
  }
  return [...parts, part].filter((p) => p.trim() !== "");
}

/** Makes of our schema what Microsoft's KQL IntelliSense reads. */
export function toKusto(schema: Schema) {
  const database = {
    name: "tocsin", majorVersion: 1, minorVersion: 0, entityGroups: [],
    tables: schema.tables.map((t) => ({ name: t.name, entityType: "Table" as const, docstring: t.description, columns: t.columns.map((c) => ({ name: c.name, type: c.type })) })),
    functions: schema.functions.map((f) => ({ name: f.name, body: f.body.trim().startsWith("{") ? f.body : `{ ${f.body} }`, inputParameters: parameters(f.parameters) })),
  };
  return { clusterType: "Engine" as const, cluster: { connectionString: "https://tocsin.kusto.windows.net", databases: [database] }, database };
}
