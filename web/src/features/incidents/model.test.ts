import { expect, test } from "vitest";
import type { EntityInIncident, IncidentDetail, IncidentSummary } from "../../api/types.gen";
import { acknowledgement, detailText, determinationsOf, evidenceQuery, fieldsOf, groupEntities, hold, shortLabel, since, toMarkdown, verdictText } from "./model";

const row = (id: number, version = 1) => ({ id, version }) as IncidentSummary;
const entity = (type: string, label: string, alerts: string[]) => ({ type, label, key: "", identifiers: {}, alerts, firstSeen: null, lastSeen: null }) as EntityInIncident;

test("held rows keep their places, take new values and count what waits", () => {
  const held = hold([row(3), row(2), row(1)], [row(4), row(1, 7), row(3)]);
  expect(held.rows.map((r) => [r.id, r.version])).toEqual([[3, 1], [2, 1], [1, 7]]);
  expect(held.waiting).toBe(2); // 4 came, 2 left
  expect(hold([row(1)], [row(1, 2)])).toEqual({ rows: [row(1, 2)], waiting: 0 });
});

test("time to acknowledge runs until a person takes it", () => {
  const now = Date.parse("2026-11-21T12:00:00Z");
  const at = { createdAt: "2026-11-21T11:00:00Z", acknowledgedAt: null, closedAt: null };
  expect(acknowledgement(at, now)).toEqual({ text: "1h", isRunning: true });
  expect(acknowledgement({ ...at, acknowledgedAt: "2026-11-21T11:12:05Z" }, now)).toEqual({ text: "12m 5s", isRunning: false });
});

test("entities are grouped, accounts first, unknown types last", () => {
  const groups = groupEntities([entity("Zebra", "z", []), entity("IP", "10.0.0.1", ["a"]), entity("Account", "b", ["a"]), entity("Account", "a", ["a", "b"])]);
  expect(groups.map((g) => [g.type, g.entities.map((e) => e.label)])).toEqual([["Account", ["a", "b"]], ["IP", ["10.0.0.1"]], ["Zebra", ["z"]]]);
});

test("where room is scarce an entity drops its domain", () => {
  const e = (type: string, label: string, identifiers: Record<string, string>) => ({ ...entity(type, label, []), identifiers });
  expect(shortLabel(e("Account", "amelie@contoso.example", { Name: "amelie", UPNSuffix: "contoso.example" }))).toBe("amelie");
  expect(shortLabel(e("Account", "S-1-5-21", { Sid: "S-1-5-21" }))).toBe("S-1-5-21");
  expect(shortLabel(e("Host", "ws-1.corp.example", { HostName: "ws-1", DnsDomain: "corp.example" }))).toBe("ws-1");
  expect(shortLabel(e("IP", "10.0.0.1", { Address: "10.0.0.1" }))).toBe("10.0.0.1");
});

test("changes since a version", () => {
  const entry = (seq: number) => ({ seq, at: "", actor: { kind: "person" as const, id: "", name: "" }, kind: "", text: "", comment: "" });
  expect(since([entry(5), entry(4), entry(3)], 3).map((e) => e.seq)).toEqual([5, 4]);
});

test("classification and determination fit and read well", () => {
  expect(determinationsOf("undetermined")).toEqual([]);
  expect(determinationsOf("falsePositive")[0]).toEqual({ value: "incorrectAlertLogic", label: "Incorrect alert logic" });
  expect(verdictText("truePositive", "compromisedAccount")).toBe("True positive, compromised account");
  expect(verdictText("", "")).toBe("");
});

test("summaries and details read well", () => {
  expect(fieldsOf('IPAddress=203.0.113.7  Clients=["SMTP"]  Note=a = b c')).toEqual([["IPAddress", "203.0.113.7"], ["Clients", '["SMTP"]'], ["Note", "a = b c"]]);
  expect(fieldsOf("50126 invalid password for user1")).toBeNull();
  expect(fieldsOf("A=1  then something else")).toBeNull();
  expect(detailText(['["a","b"]', "b", "c"])).toBe("a, b, c");
  expect(detailText(['["broken', '[{"a":1}]'])).toBe('["broken, [{"a":1}]');
});

test("an event id cannot leave its quotes", () => {
  expect(evidenceQuery("SigninLogs", "0af3")).toBe('SigninLogs\n| where _EventId == "0af3"');
  expect(evidenceQuery("T", 'x" | take 1 //')).toContain('"x\\" | take 1 //"');
});

test("Markdown escapes what alerts bring along", () => {
  const incident = {
    id: 7, title: "Run <script> *now*", severity: "high", status: "closed", owner: "", classification: "truePositive", determination: "malware", createdAt: "2026-11-21T11:00:00Z",
    firstActivity: null, lastActivity: null, tactics: ["InitialAccess"], techniques: ["T1566"], entities: [entity("Account", "a`b", ["x"])],
    alerts: [{ firstActivity: "2026-11-21T10:00:00Z", title: "A", severity: "low", techniques: [], reason: { text: "same [host](http://x)" } }],
  } as unknown as IncidentDetail;
  const text = toMarkdown(incident, "http://h/incidents/7");
  expect(text).toContain("## Incident 7: Run \\<script\\> \\*now\\*");
  expect(text).toContain("Closed (True positive, malware) · owner nobody");
  expect(text).toContain("same \\[host\\](http://x)");
  expect(text).toContain("`a'b`");
});
