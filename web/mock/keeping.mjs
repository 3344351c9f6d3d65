/** Dead letters, tables, holds and deletions of the mock: enough to look at the pages; actions answer and change nothing. */
const reasons = [
  ["invalid JSON at byte #: a value is expected", (i) => `invalid JSON at byte ${i < 9 ? 33 : 34}: a value is expected`, "hec:office-activity", "SigninLogs", 40, (i) => `{"UserPrincipalName":"u${i + 1}","L":NaN}`],
  ["the JSON text ends early", () => "the JSON text ends early", "syslog:branch-firewalls", "", 6, (i) => `{"TimeGenerated":"2026-11-22T02:2${i}:00Z","Comp`],
  ["the record's shape is not known: no mapping recognises it. Write a mapping for it (docs/reference/custom-sources.md)", () => "the record's shape is not known: no mapping recognises it. Write a mapping for it (docs/reference/custom-sources.md)", "http:defender-export", "", 140, (i) => `{"app":"payments","n":${i}}`],
];

function letters(now) {
  return reasons.flatMap(([kind, reason, source, table, n, raw], g) => Array.from({ length: n }, (_, i) => ({
    kind, id: `${g}${String(i).padStart(4, "0")}${"0".repeat(27)}`, source, sender: "192.0.2.17", position: String(i + 1), format: "row", table, reason: reason(i), raw: raw(i), rawEncoding: "utf-8", rawLength: raw(i).length, isTruncated: false,
    state: "open", outcome: "", attempts: 0, receivedAt: new Date(now - (g * 3600 + i * 40) * 1000).toISOString(), resolvedAt: null, resolvedBy: "", note: "",
  })));
}

/** Answers what the pages of dead letters and retention ask; undefined for anything else. */
export function keeping(mode, method, path, query, asked, now) {
  const all = mode === "empty" ? [] : letters(now);
  const fits = (l) => ["open", "all", null, ""].includes(query.get("state")) && (!query.get("source") || l.source === query.get("source")) && l.reason.includes(query.get("reason") ?? "") && (!query.get("kind") || l.kind === query.get("kind"));
  if (path === "/dead-letters") return { items: all.filter(fits).sort((a, b) => b.receivedAt.localeCompare(a.receivedAt)).slice(0, 100), next: "" };
  if (path === "/dead-letters/groups") {
    const items = reasons.map(([kind]) => all.filter((l) => l.kind === kind && fits(l))).filter((g) => g.length).map((g) => ({ reason: g[0].kind, example: g[0].reason, letter: g[0].id, source: g[0].source, table: g[0].table, count: g.length, first: g.at(-1).receivedAt, last: g[0].receivedAt }));
    return { items, total: items.reduce((n, g) => n + g.count, 0) };
  }
  if (path === "/dead-letters/replay") return { tried: asked.ids?.length ?? 40, stored: asked.edit ? (asked.ids?.length ?? 40) : 0, duplicates: 0, filtered: 0, failed: asked.edit ? 0 : (asked.ids?.length ?? 40), skipped: 0, events: asked.ids?.length ?? 40, alerts: 0, reasons: asked.edit ? [] : [{ reason: all[0].reason, count: asked.ids?.length ?? 40 }], isCut: false, preview: [] };
  if (path === "/dead-letters/discard") return { discarded: asked.ids?.length ?? 40 };
  if (path.startsWith("/dead-letters/")) return all.find((l) => path.endsWith(l.id));
  const ago = (days) => new Date(now - days * 86_400_000).toISOString();
  const table = (name, rows, mib, keepDays, more = {}) => ({ name, rows, bytes: mib * 2 ** 20, oldest: ago(more.span ?? 88), newest: ago(0), receivedAt: ago(more.span ?? 88), keepDays, declaredDays: more.declared ?? keepDays, maxBytes: more.max ?? 0, isUndeclared: more.lost ?? false });
  if (path === "/retention/tables") {
    const tables = mode === "empty" ? [] : [table("CommonSecurityLog", 182_004_331, 41_200, 30, { declared: 90, max: 48 * 2 ** 30, span: 29 }), table("SigninLogs", 4_120_338, 1_870, 90), table("DeviceProcessEvents", 88_120_004, 19_400, 90), table("SecurityIncident", 1_204, 0.5, 730, { span: 300 }), table("Acme_CL", 12_000, 2, 0, { lost: true })];
    return { tables, fileBytes: 64 * 2 ** 30, spareBytes: 1.2 * 2 ** 30, maxBytes: 465 * 2 ** 30, diskFree: 412 * 2 ** 30, minFree: 2 ** 30, stopped: "", measuredAt: new Date(now).toISOString() };
  }
  const hold = (id, more) => ({ id, table: "", from: null, to: null, entity: "", incident: 0, reason: "Case 2026-17, legal department", createdAt: ago(12), createdBy: "amara", releasedAt: null, releasedBy: "", releaseReason: "", ...more });
  if (path === "/holds" && method === "GET") return { items: mode === "empty" ? [] : [hold("hold-4f0c2a91be77", { entity: "amelie@contoso.com", from: ago(40) }), hold("hold-91be774f0c2a", { table: "SigninLogs", from: ago(60), to: ago(30), reason: "Audit of autumn", releasedAt: ago(1), releasedBy: "jonas", releaseReason: "The audit is over." })] };
  if (path === "/holds") return hold("hold-000000000001", asked);
  if (path === "/holds/preview") return { from: null, tables: [{ table: "SigninLogs", rows: 1_204 }, { table: "OfficeActivity", rows: 318 }], rows: 1_522 };
  if (/^\/holds\/.+\/release$/.test(path)) return { items: [] };
  if (path === "/retention/runs") return { items: mode === "empty" ? [] : [["CommonSecurityLog", 5_120_000, 0, "the table had 51539607552 bytes, its bound is 51539607552"], ["SigninLogs", 44_120, 318, "older than 90 days"], ["", 0, 0, "moved 81,000 rows to give space back"]].map(([name, rows, held, reason], i) => ({ at: ago(0.1 + i * 0.25), table: name, rows, held, before: name ? ago(90) : null, reason, bytesBefore: 66 * 2 ** 30, bytesAfter: 64 * 2 ** 30 })) };
  return undefined;
}
