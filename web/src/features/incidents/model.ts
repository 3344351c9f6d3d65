import type { Entity, EntityInIncident, IncidentDetail, IncidentSummary, TimelineEntry } from "../../api/types.gen";
import { determinations } from "../../api/types.gen";
import { count, tacticName, words } from "../../lib/words";
import { span, utc } from "../../lib/time";

/** The page's rows while the pointer rests on them: nothing moves under it. */
export interface Held {
  rows: IncidentSummary[];
  waiting: number; // incidents that came, and rows that would leave or move
}

/**
 * Merges fresh rows into those shown without moving any: what is shown gets its
 * new values in place, what came waits. Released rows are simply the fresh ones.
 */
export function hold(shown: IncidentSummary[], fresh: IncidentSummary[]): Held {
  const byId = new Map(fresh.map((row) => [row.id, row]));
  const rows = shown.map((row) => byId.get(row.id) ?? row);
  const known = new Set(shown.map((row) => row.id));
  const came = fresh.filter((row) => !known.has(row.id)).length;
  const gone = shown.filter((row) => !byId.has(row.id)).length;
  return { rows, waiting: came + gone };
}

/** Time to acknowledge: from creation to the first person; still running when nobody did. */
export function acknowledgement(incident: Pick<IncidentSummary, "createdAt" | "acknowledgedAt" | "closedAt">, now: number): { text: string; isRunning: boolean } {
  const end = incident.acknowledgedAt ?? incident.closedAt;
  return { text: span((end ? Date.parse(end) : now) - Date.parse(incident.createdAt)), isRunning: end === null };
}

/** Entities grouped by type; within a type those in most alerts first. */
export function groupEntities(entities: EntityInIncident[]): { type: string; entities: EntityInIncident[] }[] {
  const groups = new Map<string, EntityInIncident[]>();
  for (const entity of entities) groups.set(entity.type, [...(groups.get(entity.type) ?? []), entity]);
  return [...groups]
    .sort(([a], [b]) => rank(a) - rank(b) || a.localeCompare(b))
    .map(([type, list]) => ({ type, entities: list.sort((a, b) => b.alerts.length - a.alerts.length || a.label.localeCompare(b.label)) }));
}

const typeOrder = ["Account", "Mailbox", "Host", "IP", "CloudApplication", "MailMessage", "URL", "DNS", "File", "FileHash", "Process"];
const rank = (type: string) => (typeOrder.includes(type) ? typeOrder.indexOf(type) : typeOrder.length);

/** An entity where room is scarce: the account without its domain, the host without its suffix. The whole stands in the title. */
export function shortLabel({ type, label, identifiers }: Entity): string {
  const short = { Account: identifiers.Name, Host: identifiers.HostName, File: identifiers.Name, MailMessage: identifiers.Subject }[type as string];
  return short || label;
}

/** A name for an entity that is the same in alerts and in the incident's list. */
export const entityName = (entity: { key: string; type: string; label: string }) => entity.key || `${entity.type}|${entity.label}`;

/** What happened since the version the user looked at, newest first. */
export const since = (timeline: TimelineEntry[], version: number) => timeline.filter((entry) => entry.seq > version);

export type Verdict = keyof typeof determinations;
export const verdicts: { value: Verdict; label: string; hint: string }[] = [
  { value: "truePositive", label: "True positive", hint: "A real threat" },
  { value: "benignPositive", label: "Benign positive", hint: "Real, but expected or harmless" },
  { value: "falsePositive", label: "False positive", hint: "The rule or its data was wrong" },
  { value: "undetermined", label: "Undetermined", hint: "Cannot be decided" },
];

/** The determinations that fit a classification, in words. */
export const determinationsOf = (verdict: Verdict) => determinations[verdict].map((value) => ({ value, label: words(value) }));

/** Says a classification as people do: True positive, compromised account. */
export function verdictText(classification: string, determination: string): string {
  const known = verdicts.find((v) => v.value === classification)?.label;
  return known ? known + (determination ? `, ${words(determination).toLowerCase()}` : "") : "";
}

/** Splits a summary that lists fields (Name=value, two blanks between) into them; null when it is a sentence. */
export function fieldsOf(summary: string): [string, string][] | null {
  const parts = summary.split(/ {2,}/).map((part) => /^([A-Za-z_]\w*)=([\s\S]*)$/.exec(part));
  return parts.every((p) => p !== null) ? parts.map((p) => [p[1]!, p[2]!]) : null;
}

/** Says the values of a custom detail; a list that came as JSON text is said item by item. */
export function detailText(values: string[]): string {
  const items = values.flatMap((value) => {
    if (!value.startsWith("[")) return [value];
    try {
      const list: unknown = JSON.parse(value);
      return Array.isArray(list) && list.every((v) => typeof v !== "object") ? list.map(String) : [value];
    } catch {
      return [value];
    }
  });
  return [...new Set(items)].join(", ");
}

/** The query that shows one stored event. The id is hexadecimal; anything else is refused by quoting. */
export const evidenceQuery = (table: string, eventId: string) => `${table}\n| where _EventId == ${JSON.stringify(eventId)}`;

/** Writes the incident as Markdown, for a ticket or a chat. */
export function toMarkdown(incident: IncidentDetail, link: string): string {
  const verdict = verdictText(incident.classification, incident.determination);
  const lines = [
    `## Incident ${incident.id}: ${plain(incident.title)}`,
    "",
    `**${words(incident.severity)}** · ${words(incident.status)}${verdict ? ` (${verdict})` : ""} · owner ${incident.owner ? plain(incident.owner) : "nobody"} · ${link}`,
    "",
    `Created ${utc(incident.createdAt)}; activity ${incident.firstActivity ? utc(incident.firstActivity) : "–"} to ${incident.lastActivity ? utc(incident.lastActivity) : "–"}.`,
    ...(incident.tactics.length ? [`Tactics: ${incident.tactics.map(tacticName).join(", ")}. Techniques: ${incident.techniques.join(", ") || "–"}.`] : []),
    "",
    `### ${count(incident.alerts.length, "alert")}`,
    ...incident.alerts.map((a) => `- ${utc(a.firstActivity)} **${plain(a.title)}** (${a.severity}${a.techniques.length ? `, ${a.techniques.join(", ")}` : ""})${a.reason ? `: ${plain(a.reason.text)}` : ""}`),
    "",
    `### ${count(incident.entities.length, "entity", "entities")}`,
    ...groupEntities(incident.entities).map((g) => `- ${g.type}: ${g.entities.map((e) => `\`${e.label.replaceAll("`", "'")}\``).join(", ")}`),
  ];
  return `${lines.join("\n")}\n`;
}

/** Escapes what Markdown would take for markup. */
const plain = (text: string) => text.replace(/([\\`*_[\]<>#|])/g, "\\$1");
