import { account, file, hash, host, ip, system, url } from "./entities.mjs";
import { random } from "./random.mjs";
import { consentTheft, passwordSpray } from "./stories.mjs";

export const users = [
  { user: "amara", displayName: "Amara Osei", role: "admin" },
  { user: "priya", displayName: "Priya Raman", role: "responder" },
  { user: "tomas", displayName: "Tomás Vidal", role: "responder" },
  { user: "yuki", displayName: "Yuki Tanabe", role: "contributor" },
];

const kinds = [
  ["Impossible travel: {user}", "medium", ["InitialAccess"], ["T1078"]],
  ["Rare process {file} on {host}", "low", ["Execution"], ["T1059"]],
  ["Malware prevented on {host}", "medium", ["Execution"], ["T1204.002"]],
  ["Mass download from SharePoint by {user}", "medium", ["Exfiltration", "Collection"], ["T1567.002"]],
  ["MFA fatigue: repeated denied prompts for {user}", "high", ["CredentialAccess"], ["T1621"]],
  ["Kerberoasting from {host}", "high", ["CredentialAccess"], ["T1558.003"]],
  ["Port scan by {ip}", "informational", ["Discovery"], ["T1046"]],
  ["New member of Domain Admins: {user}", "high", ["PrivilegeEscalation", "Persistence"], ["T1098"]],
  ["DNS beaconing from {host}", "medium", ["CommandAndControl"], ["T1071.004"]],
  ["Sign-in from anonymising network: {user}", "low", ["InitialAccess"], ["T1090.003"]],
  ["Audit log cleared on {host}", "high", ["DefenseEvasion"], ["T1070.001"]],
  ["Service account {user} used interactively", "medium", ["LateralMovement"], ["T1078.002"]],
];
const people = ["n.farah", "l.schmidt", "o.banerjee", "c.moreau", "svc-backup", "d.ruiz", "h.lind", "k.adeyemi"];
const hosts = ["WS-HL-022", "SRV-FILE-03", "DC-01", "WS-CM-007", "SRV-SQL-11", "LT-KA-031"];

/** Builds the world as of now (milliseconds): 40 incidents, newest numbers last. */
export function seed(now) {
  const world = { now, r: random(20261121), incidents: new Map(), nextId: 1000, nextAlert: 1 };
  for (let i = 0; i < 38; i++) addGeneric(world, 10000 - i * 255 - 20);
  addIncident(world, passwordSpray);
  addIncident(world, consentTheft);
  return world;
}

export function addGeneric(world, ago, force = {}) {
  const { r } = world;
  const [shape, severity, tactics, techniques] = r.pick(kinds);
  const user = account(`${r.pick(people)}@contoso.example`);
  const machine = host(`${r.pick(hosts)}.corp.contoso.example`);
  const address = ip(`198.51.100.${r.int(2, 250)}`);
  const name = r.pick(["updater.exe", "rclone.exe", "psexesvc.exe", "adfind.exe"]);
  const title = shape.replace("{user}", user.identifiers.Name).replace("{host}", machine.identifiers.HostName).replace("{ip}", address.label).replace("{file}", name);
  const status = ago > 5500 ? r.pick(["closed", "closed", "active"]) : r.pick(["new", "new", "active", "closed"]);
  const owner = status === "new" ? "" : r.pick(["priya", "tomas", "yuki", "amara", "priya", ""]);
  const verdict = status === "closed" ? r.pick([["truePositive", "malware"], ["falsePositive", "incorrectAlertLogic"], ["benignPositive", "securityTesting"], ["undetermined", ""]]) : ["", ""];
  const count = r.int(1, 3);
  const extra = [machine, address, url("https://cdn.example.net/u.bin"), file("C:\\ProgramData", name), hash(r.hex(64)), system()].slice(0, r.int(1, 6));
  return addIncident(world, {
    title, severity, status, owner, tags: r.next() < 0.25 ? [r.pick(["vip", "red-team", "night-shift"])] : [], openedAgo: ago,
    acknowledgedAgo: owner ? Math.max(ago - r.int(2, 90), 1) : undefined, verdict,
    alerts: Array.from({ length: count }, (_, i) => ({
      ago: ago + 25 - i * 6, rule: r.hex(4), kind: r.pick(["sigma", "scheduled", "nrt"]), title: i ? `${title} (repeated)` : title, severity, author: "Tocsin",
      tactics, techniques, description: "Behaviour that deviates from what this entity did in the last 14 days.", entities: [user, ...extra],
      evidence: [["SecurityEvent", ago + 25 - i * 6, `4688 ${machine.identifiers.HostName} C:\\ProgramData\\${name} by ${user.identifiers.Name}`]],
      reason: i ? ["entity.account", `same account ${user.label} within 2 h`, user.key, 0.8] : ["first", "opened the incident", "", 1],
      status: status === "closed" ? "resolved" : "new",
    })),
    log: [[ago, "rule", title, "opened", "opened from 1 alert"], ...(owner ? [[Math.max(ago - 10, 1), "person", users.find((u) => u.user === owner).displayName, "assigned", `assigned to ${owner}`]] : [])],
    ...force,
  });
}

/** Adds one incident in the shape of stories.mjs and returns its detail. */
export function addIncident(world, s) {
  const { r, now } = world;
  const at = (ago) => new Date(now - ago * 60_000 - 17_000).toISOString();
  const id = ++world.nextId;
  const alerts = s.alerts.map((a) => ({
    id: `al${r.hex(24)}`, ruleId: `${r.hex(4)}${a.rule}-${r.hex(4)}-4${r.hex(3)}-9${r.hex(3)}-${r.hex(12)}`, ruleKind: a.kind, author: a.author, title: a.title,
    description: a.description, severity: a.severity, status: a.status ?? (s.status === "active" ? "inProgress" : s.status === "closed" ? "resolved" : "new"),
    tactics: a.tactics, techniques: a.techniques, entities: a.entities,
    evidence: a.evidence.map(([table, ago, summary]) => ({ eventId: r.hex(32), table, occurredAt: at(ago), summary })),
    customDetails: a.details ?? {}, count: a.count ?? 1, firstActivity: at(a.ago + (a.count ?? 1)), lastActivity: at(a.ago), raisedAt: at(a.ago - 2),
    incidentId: id, reason: { rule: a.reason[0], text: a.reason[1], value: a.reason[2], score: a.reason[3] }, notes: a.notes ?? [],
  }));
  const entities = new Map();
  for (const a of alerts) for (const e of a.entities) {
    const name = e.key || `${e.type}|${e.label}`;
    const have = entities.get(name) ?? { ...e, alerts: [], firstSeen: a.firstActivity, lastSeen: a.lastActivity };
    have.alerts.push(a.id);
    if (a.firstActivity < have.firstSeen) have.firstSeen = a.firstActivity;
    if (a.lastActivity > have.lastSeen) have.lastSeen = a.lastActivity;
    entities.set(name, have);
  }
  const timeline = s.log.map(([ago, kind, name, what, text, comment], i) => ({ seq: i + 1, at: at(ago), actor: { kind, id: name.toLowerCase(), name }, kind: what, text, comment: comment ?? "" })).reverse();
  const [classification, determination] = s.verdict ?? ["", ""];
  if (s.status === "closed") timeline.unshift({ seq: timeline.length + 1, at: at(Math.max(s.openedAgo - 200, 1)), actor: { kind: "person", id: s.owner, name: s.owner || "Amara Osei" }, kind: "closed", text: `closed as ${classification}`, comment: "" });
  const incident = {
    id, title: s.title, severity: s.severity, status: s.status, owner: s.owner, classification, determination, tags: s.tags,
    tactics: [...new Set(alerts.flatMap((a) => a.tactics))], techniques: [...new Set(alerts.flatMap((a) => a.techniques))],
    alertCount: alerts.length, activeAlerts: alerts.filter((a) => a.status !== "resolved").length, entityCount: entities.size,
    createdAt: at(s.openedAgo), updatedAt: timeline[0].at, acknowledgedAt: s.acknowledgedAgo ? at(s.acknowledgedAgo) : null,
    closedAt: s.status === "closed" ? timeline[0].at : null, firstActivity: alerts.map((a) => a.firstActivity).sort()[0],
    lastActivity: alerts.map((a) => a.lastActivity).sort().at(-1), version: timeline.length, closeComment: "", mergedInto: 0,
    alerts: alerts.sort((a, b) => a.firstActivity.localeCompare(b.firstActivity)), entities: [...entities.values()], timeline,
  };
  world.incidents.set(id, incident);
  return incident;
}
