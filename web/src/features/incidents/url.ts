import type { IncidentStatus, Severity } from "../../api/types.gen";

/** What the queue shows; all of it stands in the address. */
export interface QueueView {
  status: IncidentStatus[]; // none means any
  severity: Severity[]; // none means any
  owner: string; // "" anyone, "-" nobody, "me", or a user name
  tag: string;
  q: string;
  sort: string; // a field, "-" before it for descending
}

const statuses: IncidentStatus[] = ["new", "active", "closed", "redirected"];
const severities: Severity[] = ["high", "medium", "low", "informational"];
const sorts = ["updatedAt", "createdAt", "severity", "id"];

/** The queue as an analyst starts the day: what is open, newest change first. */
export const defaultView: QueueView = { status: ["new", "active"], severity: [], owner: "", tag: "", q: "", sort: "-updatedAt" };

type Search = Record<string, string | undefined>;

/** Reads a view from the address; what it does not understand becomes the default. */
export function parseView(search: Search): QueueView {
  const sort = search.sort ?? "";
  return {
    status: search.status === "any" ? [] : search.status ? listed(search.status, statuses) : defaultView.status,
    severity: listed(search.severity ?? "", severities),
    owner: search.owner ?? "",
    tag: search.tag ?? "",
    q: search.q ?? "",
    sort: sorts.includes(sort.replace(/^-/, "")) ? sort : defaultView.sort,
  };
}

/** Writes a view for the address; defaults are left out, so the plain address is the default queue. */
export function formatView(view: QueueView): Search {
  const isDefaultStatus = view.status.join() === defaultView.status.join();
  return {
    status: isDefaultStatus ? undefined : view.status.length ? view.status.join() : "any",
    severity: view.severity.join() || undefined,
    owner: view.owner || undefined,
    tag: view.tag || undefined,
    q: view.q || undefined,
    sort: view.sort === defaultView.sort ? undefined : view.sort,
  };
}

/** Makes the query of GET /api/v1/incidents; me is the signed-in user. */
export function queryOf(view: QueueView, me: string): Record<string, string | undefined> {
  return { status: view.status.join(), severity: view.severity.join(), owner: view.owner === "me" ? me : view.owner, tag: view.tag, q: view.q.trim(), sort: view.sort };
}

/** Keeps the known values of a comma-separated list, in the known order. */
function listed<T extends string>(text: string, known: T[]): T[] {
  const asked = text.split(",");
  return known.filter((value) => asked.includes(value));
}
