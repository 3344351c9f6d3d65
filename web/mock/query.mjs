import { random } from "./random.mjs";
import { schema } from "./schema.mjs";

/**
 * A toy that answers the queries of the stories and screenshots in the shape of
 * the server. It knows tables, columns in `where`, `take`, `summarize … by bin`,
 * `render` and `fork`; it is no KQL engine and is never used by a Go test.
 */
export function runQuery(text, now, limit = 10_000) {
  const diagnostics = checkQuery(text);
  if (diagnostics.some((d) => d.severity === "error")) return { tables: [], diagnostics, render: null, tookMs: 1.4 };
  const render = /\|\s*render\s+(\w+)(?:\s+with\s*\(([^)]*)\))?/.exec(text);
  const properties = Object.fromEntries((render?.[2] ?? "").split(",").filter(Boolean).map((p) => p.split("=").map((s) => s.trim().replace(/^["']|["']$/g, ""))));
  const tables = /\|\s*fork\b/.test(text)
    ? [table(text, now, limit, "First"), table(`${text} | summarize count() by bin(TimeGenerated, 1h)`.replace(/\|\s*fork[^|]*/, ""), now, limit, "Second")]
    : [table(text, now, limit, "PrimaryResult")];
  return { tables, diagnostics, render: render ? { visualization: render[1], properties } : null, tookMs: 38.6 };
}

export function checkQuery(text) {
  const list = [];
  const say = (code, at, length, message, hint, severity = "error") => {
    const before = text.slice(0, at);
    const start = Buffer.byteLength(before);
    list.push({ code, severity, message, hint, start, end: start + Buffer.byteLength(text.slice(at, at + length)), line: before.split("\n").length, column: at - before.lastIndexOf("\n") });
  };
  const clean = text.replace(/\/\/[^\n]*/g, (c) => " ".repeat(c.length));
  const first = /[A-Za-z_]\w*/.exec(clean);
  if (!first) { say("KQL1001", 0, Math.max(text.length, 1), "The query is empty.", "Name a table, for instance SigninLogs."); return list; }
  const known = schema.tables.find((t) => t.name === first[0]);
  if (!known && !["print", "let", "range", "datatable", "union", "search"].includes(first[0]) && !schema.functions.some((f) => f.name === first[0])) {
    say("KQL2002", first.index, first[0].length, `No table or function is called ${first[0]}.`, "Tables stand in the schema browser on the left.");
    return list;
  }
  for (const m of clean.matchAll(/\|\s*where\s+([A-Za-z_]\w*)\s*(==|!=|has|contains|>|<|startswith|in|=~)/g)) {
    if (known && !known.columns.some((c) => c.name === m[1]) && !/extend|summarize|project/.test(clean.slice(0, m.index))) {
      const near = known.columns.find((c) => c.name.toLowerCase().startsWith(m[1].slice(0, 4).toLowerCase()));
      say("KQL2001", m.index + m[0].indexOf(m[1], 6), m[1].length, `${known.name} has no column ${m[1]}.`, near ? `Did you mean ${near.name}?` : "Columns stand in the schema browser on the left.");
    }
  }
  const open = /\|\s*$/.exec(clean);
  if (open) say("KQL1004", open.index, 1, "An operator is missing after the pipe.", "Write an operator such as where or summarize, or remove the pipe.");
  return list;
}

function table(text, now, limit, name) {
  const source = schema.tables.find((t) => new RegExp(`\\b${t.name}\\b`).test(text)) ?? schema.tables[0];
  const by = /summarize\s+(?:(\w+)\s*=\s*)?(\w+)\([^)]*\)(?:\s+by\s+([^|\n]+))?/.exec(text);
  const result = by ? summary(by, now) : rows(source, text, now);
  const cap = Math.min(limit, Number(/\|\s*(?:take|limit|top)\s+(\d+)/.exec(text)?.[1] ?? 1e9));
  const shown = result.rows.slice(0, cap);
  return { name, columns: result.columns, rows: shown, truncated: shown.length < result.rows.length && cap === limit, rowCount: shown.length };
}

function rows(source, text, now) {
  const r = random(7);
  const people = ["amelie.kovac", "j.brandt", "n.farah", "o.banerjee", "k.adeyemi", "l.schmidt"];
  const one = /_EventId\s*==\s*"([^"]+)"/.exec(text)?.[1];
  const project = /\|\s*project\s+([^|\n]+)/.exec(text)?.[1].split(",").map((c) => c.trim());
  const chosen = project ? project.map((n) => source.columns.find((c) => c.name === n) ?? { name: n, type: "string" }) : source.columns;
  const make = (i) => {
    const who = r.pick(people), time = new Date(now - i * 41_000 - r.int(0, 30_000)).toISOString().replace("Z", "4171Z");
    const bad = r.next() < 0.3;
    const value = (c) => ({
      TimeGenerated: time, Timestamp: time, _IngestionTime: time, _EventId: one ?? r.hex(32), _Source: "mock", UserPrincipalName: `${who}@contoso.example`,
      UserDisplayName: who.replace(".", " "), IPAddress: `192.0.2.${r.int(2, 99)}`, ClientIP: "203.0.113.45", Location: r.pick(["AT", "DE", "NL", "RU", "US"]), AppDisplayName: r.pick(["Exchange Online", "Azure Portal", "Teams"]),
      ResultType: bad ? "50126" : "0", ResultDescription: bad ? "Invalid username or password" : "", EventID: r.pick([4624, 4625, 4688]), DurationMs: r.int(12, 90_000), IsInteractive: !bad,
      DeviceDetail: { operatingSystem: "Windows 11", browser: "Edge 141", isCompliant: !bad, trust: { type: "AzureAd", since: 2023 } }, LocationDetails: { city: "Wien", geoCoordinates: { latitude: 48.2, longitude: 16.37 } },
      UserAgent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36", CorrelationId: r.guid(), Computer: "WS-HL-022", Account: `CONTOSO\\${who}`, CommandLine: i % 5 ? "C:\\Windows\\System32\\svchost.exe -k netsvcs" : "powershell.exe -nop -enc SQBFAFgA", DeviceName: "ws-jb-014.corp.contoso.example",
      FileName: r.pick(["powershell.exe", "rundll32.exe", "cmd.exe"]), ConditionalAccessStatus: r.pick(["success", "failure", "notApplied"]), AuthenticationRequirement: r.pick(["singleFactorAuthentication", "multiFactorAuthentication"]),
      Operation: r.pick(["MailItemsAccessed", "New-InboxRule", "FileDownloaded"]), UserId: `${who}@contoso.example`, RiskLevelDuringSignIn: bad ? "high" : "none",
    })[c.name] ?? (c.type === "string" ? "" : null);
    return chosen.map(value);
  };
  return { columns: chosen, rows: Array.from({ length: one ? 1 : 2400 }, (_, i) => make(i)) };
}

function summary([, alias, fn, keys], now) {
  const r = random(11);
  const measure = { name: alias ?? (fn === "count" ? "count_" : `${fn}_`), type: "long" };
  const names = (keys ?? "").split(",").map((k) => k.trim()).filter(Boolean);
  if (!names.length) return { columns: [measure], rows: [[2400]] };
  const bin = names.find((n) => n.startsWith("bin("));
  const other = names.find((n) => n !== bin);
  const label = other?.split("=")[0].trim();
  const series = label ? ["Exchange Online", "Azure Portal", "Teams"] : [null];
  const columns = [...(bin ? [{ name: /bin\((\w+)/.exec(bin)[1], type: "datetime" }] : []), ...(label ? [{ name: label, type: "string" }] : []), measure];
  const hours = bin ? Array.from({ length: 48 }, (_, i) => new Date(Math.floor(now / 3600e3) * 3600e3 - (47 - i) * 3600e3).toISOString()) : [null];
  const rows = hours.flatMap((h, i) => series.map((s, n) => [...(h ? [h] : []), ...(s ? [s] : []), Math.round(40 + 30 * Math.sin(i / 4 + n) + r.int(0, 14) + (i === 40 && n === 0 ? 160 : 0))]));
  return { columns, rows };
}
