import { addGeneric } from "./seed.mjs";
import { users } from "./seed.mjs";

/** Writes one timeline entry: the version after it is its number. */
function record(state, incident, user, kind, text, comment = "") {
  const at = new Date().toISOString();
  incident.timeline.unshift({ seq: ++incident.version, at, actor: { kind: "person", id: user, name: users.find((u) => u.user === user).displayName }, kind, text, comment });
  incident.updatedAt = at;
  state.publish({ kind: "incident", incidentId: incident.id, version: incident.version });
}

export function comment(state, incident, { text }, user) {
  if (!text?.trim()) state.refuse(400, "invalid", "A comment needs text.");
  record(state, incident, user, "commented", "commented", text);
  return incident;
}

export function change(state, incident, asked, user) {
  if (asked.version !== incident.version) state.refuse(409, "conflict", `Incident ${incident.id} changed since you opened it. Look at what changed, then try again.`);
  const say = (kind, text, more) => record(state, incident, user, kind, text, more);
  if (asked.title !== undefined) { incident.title = asked.title; say("titleChanged", `renamed to “${asked.title}”`); }
  if (asked.severity) { say("severityChanged", `changed severity from ${incident.severity} to ${asked.severity}`); incident.severity = asked.severity; }
  if (asked.tags) { incident.tags = asked.tags; say("tagsChanged", `set tags to ${asked.tags.join(", ") || "none"}`); }
  if (asked.owner !== undefined) {
    incident.owner = asked.owner;
    if (asked.owner) incident.acknowledgedAt ??= new Date().toISOString();
    say("assigned", asked.owner ? `assigned to ${asked.owner}` : "unassigned");
  }
  if (asked.status === "closed") close(state, incident, asked, say);
  else if (asked.status && asked.status !== incident.status) {
    const reopened = incident.status === "closed";
    say(reopened ? "reopened" : "statusChanged", reopened ? "reopened" : `changed status from ${incident.status} to ${asked.status}`);
    Object.assign(incident, { status: asked.status }, reopened ? { closedAt: null, classification: "", determination: "" } : {});
  }
  return incident;
}

function close(state, incident, asked, say) {
  if (!asked.classification) state.refuse(400, "invalid", "Closing needs a classification.");
  Object.assign(incident, { status: "closed", classification: asked.classification, determination: asked.determination ?? "", closeComment: asked.comment ?? "", closedAt: new Date().toISOString(), activeAlerts: 0 });
  for (const a of incident.alerts) a.status = "resolved";
  say("closed", `closed as ${asked.classification}${asked.determination ? `, ${asked.determination}` : ""}`, asked.comment);
}

/** Any ingested batch makes one incident, so that live updates can be seen. */
export function ingest(state, rows) {
  const n = Array.isArray(rows) ? rows.length : 1;
  state.world.now = Date.now();
  const made = addGeneric(state.world, 0, { status: "new", owner: "", acknowledgedAgo: undefined, log: [[0, "rule", "Rule", "opened", "opened from 1 alert"]] });
  state.publish({ kind: "incident", incidentId: made.id, version: made.version });
  return { received: n, stored: n, duplicates: 0, deadLettered: 0, alerts: 1 };
}
