import { random } from "./random.mjs";

const titles = ["Suspicious application consent", "Password spray against many accounts", "New inbox rule hides messages", "Suspicious encoded PowerShell", "LSASS memory read by unusual process", "Kerberoasting by ticket volume", "Audit log cleared", "MFA fatigue", "DNS beaconing", "Rare scheduled task", "Sign-in from anonymising network", "New federation domain", "Mass download from SharePoint", "Service installed from a user folder", "Remote thread into LSASS"];
const tactics = ["InitialAccess", "Execution", "Persistence", "CredentialAccess", "DefenseEvasion", "Collection", "Exfiltration"];

export function rules(now) {
  const r = random(3);
  return Array.from({ length: 164 }, (_, i) => {
    const kind = i % 3 === 0 ? "scheduled" : i % 11 === 0 ? "nrt" : "sigma";
    const state = i === 4 ? "paused" : i % 37 === 9 ? "rejected" : "on";
    return {
      id: r.guid(), kind, title: i < titles.length ? titles[i] : `${r.pick(titles)} (${r.pick(["variant", "registry", "network", "cloud", "Linux"])} ${i})`,
      severity: r.pick(["low", "medium", "medium", "high", "informational"]), tactics: [r.pick(tactics)], techniques: [`T1${r.int(100, 620)}.00${r.int(1, 9)}`],
      author: kind === "sigma" ? "SigmaHQ contributors" : "Tocsin", path: kind === "sigma" ? `rules/sigma/r${i}.yml` : `rules/kql/r${i}.yaml`, state,
      reason: state === "rejected" ? "KQL2001 at 3:9: SigninLogs has no column RiskDetails. Did you mean RiskDetail?" : state === "paused" ? "Paused by amara: floods during the proxy migration." : "",
      alerts: state === "on" ? r.pick([0, 0, 1, 3, 12, 48]) : 0, lastRun: state === "on" ? new Date(now - r.int(5, 900) * 1000).toISOString() : null,
    };
  });
}

export function ruleDetail(rule, now) {
  const source = rule.kind === "sigma"
    ? `title: ${rule.title}\nid: ${rule.id}\nstatus: test\nlogsource:\n  category: process_creation\n  product: windows\ndetection:\n  selection:\n    Image|endswith: '\\powershell.exe'\n    CommandLine|contains:\n      - ' -enc '\n      - ' -EncodedCommand '\n  condition: selection\nlevel: ${rule.severity}\n`
    : `id: ${rule.id}\nname: ${rule.title}\nseverity: ${rule.severity}\nqueryFrequency: 5m\nqueryPeriod: 1h\ntriggerOperator: gt\ntriggerThreshold: 0\ntactics: [${rule.tactics}]\nrelevantTechniques: [${rule.techniques}]\nquery: |\n  SigninLogs\n  | where ResultType == "50126"\n  | summarize Accounts = dcount(UserPrincipalName) by IPAddress, bin(TimeGenerated, 10m)\n  | where Accounts >= 20\nentityMappings:\n  - entityType: IP\n    fieldMappings:\n      - identifier: Address\n        columnName: IPAddress\n`;
  const runs = rule.kind === "sigma" || rule.state === "rejected" ? [] : Array.from({ length: 18 }, (_, i) => {
    const started = now - i * 300_000 - 41_000, bad = i === 6, capped = i === 11;
    return { ruleId: rule.id, version: "1", from: new Date(started - 3600e3).toISOString(), to: new Date(started).toISOString(), startedAt: new Date(started).toISOString(), took: (18 + (i * 7) % 40) * 1e6, status: bad ? "failed" : capped ? "capped" : "succeeded", reason: bad ? "The query took longer than 30 s. It is tried again in the next run." : capped ? "150 alerts made of 212 rows: the rule's limit for one run." : "", rows: bad ? 0 : i % 4, alerts: capped ? 150 : i % 4 ? 0 : 1, watermark: new Date(started - 8000).toISOString(), isBackfill: i === 7 };
  });
  return { ...rule, description: "Finds behaviour that an intruder needs and a person rarely shows. Look at the account's other sign-ins and at what followed within the hour.", source, runs };
}

export const refused = [{ door: "hec", reason: "invalid token", count: 214 }, { door: "syslog", reason: "dropped by the socket", count: 1_902 }];

export function sources(now) {
  const iso = (ago) => new Date(now - ago * 1000).toISOString();
  const hours = (scale, quiet = () => false) => Array.from({ length: 24 }, (_, i) => (quiet(i) ? 0 : Math.round(scale * (1 + 0.6 * Math.sin(i / 3.8)))));
  const one = (id, stored, duplicates, deadLettered, filtered, ago, more = {}) => ({
    id, received: stored + duplicates + deadLettered + filtered + (more.missing ?? 0), stored, duplicates, deadLettered, filtered, rows: Math.round(stored * 1.04), replayed: 0, discarded: 0,
    lastAt: ago === null ? null : iso(ago), balanced: !more.missing, hours: more.hours ?? hours(stored / 400), skewSeconds: more.skew ?? 0, lastAhead: more.ahead ?? null, drift: more.drift ?? 0, opened: more.opened ?? null,
  });
  const opened = (state, detail, lastError = "") => ({ state, detail, since: iso(90_000), lastError, lastErrorAt: lastError ? iso(600) : null, connections: 3 });
  return [
    one("elastic:winlogbeat", 1_204_331, 1_204, 0, 0, 3, { drift: 7 }), one("hec:office-activity", 388_120, 96, 12, 0, 9, { skew: 312 }),
    one("syslog:branch-firewalls", 5_120_992, 0, 341, 220_118, 1, { opened: opened("connected", "udp://0.0.0.0:5514, tls://0.0.0.0:6514") }),
    one("file:DC-01.evtx", 98_441, 0, 0, 0, 5400, { hours: hours(90, (i) => i !== 22) }), one("http:defender-export", 640_018, 31, 4, 1_877, 14, { missing: 2 }),
    one("kafka:payments", 0, 0, 0, 0, null, { hours: [], opened: opened("failed", "kafka-1:9092", "The broker kafka-1:9092 refuses the connection. Check the address and that it listens there.") }),
  ];
}
