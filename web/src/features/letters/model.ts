import type { DeadLetter, DeadLetterGroup, ReplayResult } from "../../api/types.gen";
import { unitsAt } from "../../lib/utf8";
import { count, sentence } from "../../lib/words";

/** What is to be acted on: some letters by id, or all that fit a query; and how many that is. */
export interface Subject { ids?: string[]; query: Record<string, string | undefined>; size: number }

/** Says what became of letters that were replayed, or would become of them. */
export function outcomeOf(r: ReplayResult, isDry: boolean): string {
  const parts = [
    r.stored > 0 && `${count(r.stored, "record")} ${isDry ? "would be stored" : `stored as ${count(r.events, "row")}`}`,
    r.duplicates > 0 && `${r.duplicates.toLocaleString("en-US")} stored before, so nothing was added`,
    r.filtered > 0 && `${r.filtered.toLocaleString("en-US")} left out by the source's transform`,
    r.failed > 0 && `${r.failed.toLocaleString("en-US")} ${isDry ? "would stay dead" : "still dead"}`,
    r.skipped > 0 && `${r.skipped.toLocaleString("en-US")} not tried`,
    r.alerts > 0 && `${count(r.alerts, "alert")} raised`,
  ].filter((p): p is string => p !== false);
  return parts.length ? `${parts.join("; ")}.` : "No letter is open here any more.";
}

/** Whether everything that was tried went well. */
export const isWhole = (r: ReplayResult) => r.failed === 0 && r.skipped === 0 && r.tried > 0;

/** One step in the life of a letter. */
export interface Step { at: string | null; text: string; detail: string }

/** What happened to a letter, as far as it is kept. */
export function historyOf(l: DeadLetter): Step[] {
  const steps: Step[] = [{ at: l.receivedAt, text: "Received and kept as a dead letter", detail: "" }];
  if (l.attempts > 0) steps.push({ at: null, text: l.attempts === 1 ? "Replayed once without success" : `Replayed ${l.attempts.toLocaleString("en-US")} times without success`, detail: l.state === "open" ? "The reason above is that of the last try." : "" });
  if (l.state === "replayed") steps.push({ at: l.resolvedAt, text: `Replayed by ${l.resolvedBy}`, detail: outcomes[l.outcome] ?? l.outcome });
  if (l.state === "discarded") steps.push({ at: l.resolvedAt, text: `Discarded by ${l.resolvedBy}`, detail: l.note });
  return steps;
}

const outcomes: Record<string, string> = {
  stored: "Its record is stored.", duplicate: "Its record was stored already, so nothing was added.", filtered: "The source's transform left it out.",
  "dead-lettered anew": "Its values fit no column: what came of it is a dead letter of its own.",
};

/** Groups by the letter that came last, newest first. */
export const newestFirst = (groups: DeadLetterGroup[]) => [...groups].sort((a, b) => b.last.localeCompare(a.last) || b.count - a.count);

/** Whether a group is the one that a view looks at. */
export const isChosen = (g: DeadLetterGroup, view: { kind: string; table: string; of: string }) => g.reason === view.kind && (g.table || "-") === view.table && g.source === view.of;

/** A reason in its two parts: what is wrong, and what would mend it, as the normaliser says it or as the kind of fault suggests. */
export function reasonParts(reason: string): { wrong: string; mend: string } {
  const at = reason.search(/\. (?=[A-Z])/);
  if (at >= 0) return { wrong: `${sentence(reason.slice(0, at))}.`, mend: `${reason.slice(at + 2).replace(/\.$/, "")}.` };
  return { wrong: `${sentence(reason).replace(/\.$/, "")}.`, mend: advice.find(([fault]) => fault.test(reason))?.[1] ?? "" };
}

const advice: readonly (readonly [RegExp, string])[] = [
  [/ends early/, "It was cut off on its way, or the sender breaks lines inside an object. Mend the sender; complete the record below if its beginning is worth having."],
  [/^invalid JSON/, "The sender writes there what JSON does not know. Mend the sender; replace the text below for what has come."],
];

/** Splits the beginning of a record at the byte where its reason says it is wrong; null when it says none, or a later one. */
export function faultIn(reason: string, text: string): [before: string, fault: string, after: string] | null {
  const byte = /\bat byte (\d+)/.exec(reason)?.[1];
  if (byte === undefined) return null;
  const at = unitsAt(text, Number(byte));
  const fault = String.fromCodePoint(text.codePointAt(at) ?? 0x20);
  return at < text.length ? [text.slice(0, at), fault, text.slice(at + fault.length)] : null;
}

/** The formats a record can be read as (tocsin deadletter replay --format). */
export const formats: readonly (readonly [string, string])[] = [
  ["row", "A row of a table (JSON object)"], ["json-line", "JSON"], ["syslog", "Syslog"], ["line", "Line of text"], ["windows", "Windows event (JSON)"], ["evtx", "Windows event (XML)"], ["mail", "E-mail"],
];

/** Says how a record was read. */
export const formatName = (format: string): string => formats.find(([name]) => name === format)?.[1] ?? (format === "envelope" ? "JSON with what its shipper said" : format || "whatever its shape says");

/** KQL over the letter's row to begin with. */
export const edits: readonly (readonly [string, string])[] = [
  ["Replace a text", "source\n| extend RawData = replace_string(RawData, 'NaN', 'null')"],
  ["Cut off what comes before the JSON", "source\n| extend RawData = substring(RawData, indexof(RawData, '{'))"],
  ["Complete an object that was cut off", "source\n| extend RawData = iff(RawData endswith '}', RawData, strcat(RawData, '}'))"],
  ["Only records with a text", "source\n| where RawData has 'text'"],
];
