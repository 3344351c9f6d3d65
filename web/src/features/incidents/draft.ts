import type { Classification, Determination, IncidentChange, IncidentDetail, IncidentStatus, Severity } from "../../api/types.gen";

/** What the manage panel edits. */
export interface Draft {
  title: string;
  severity: Severity;
  status: IncidentStatus;
  owner: string;
  tags: string;
  classification: Classification;
  determination: Determination;
  comment: string;
}

/** The incident as the panel shows it before anything is typed. */
export function draftOf(incident: IncidentDetail): Draft {
  const { title, severity, status, owner, classification, determination } = incident;
  return { title, severity, status, owner, tags: incident.tags.join(", "), classification, determination, comment: status === "closed" ? incident.closeComment : "" };
}

/** Splits what was typed as tags: by commas, without blanks and repeats. */
export const tagsOf = (text: string) => [...new Set(text.split(",").map((t) => t.trim()).filter(Boolean))];

/** The change that makes base what the draft says; null when that is nothing. */
export function changeOf(base: IncidentDetail, draft: Draft): IncidentChange | null {
  const before = draftOf(base);
  const change: IncidentChange = { version: base.version };
  if (draft.title.trim() && draft.title.trim() !== before.title) change.title = draft.title.trim();
  if (draft.severity !== before.severity) change.severity = draft.severity;
  if (draft.owner !== before.owner) change.owner = draft.owner;
  if (tagsOf(draft.tags).join() !== base.tags.join()) change.tags = tagsOf(draft.tags);
  if (draft.status !== before.status) change.status = draft.status;
  if (draft.status === "closed") {
    const isClosing = before.status !== "closed";
    const verdictChanged = draft.classification !== before.classification || draft.determination !== before.determination;
    if (isClosing || verdictChanged) Object.assign(change, { classification: draft.classification, determination: draft.determination });
    if (draft.comment.trim() !== before.comment && draft.comment.trim()) change.comment = draft.comment.trim();
  }
  return Object.keys(change).length > 1 ? change : null;
}

/** Carries a draft over to a newer incident: what the user typed stays, the rest follows the incident. */
export function rebase(draft: Draft, from: IncidentDetail, to: IncidentDetail): Draft {
  const old = draftOf(from);
  const next = draftOf(to);
  const merged = { ...draft };
  for (const field of Object.keys(merged) as (keyof Draft)[]) {
    if (merged[field] === old[field]) (merged as Record<string, string>)[field] = next[field];
  }
  return merged;
}

/** Says why a draft cannot be saved; empty when it can. */
export function obstacle(draft: Draft): string {
  if (!draft.title.trim()) return "The title is empty.";
  if (draft.status === "closed" && !draft.classification) return "Choose a classification to close.";
  return "";
}
