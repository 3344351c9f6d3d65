import type { Assignee, DeadLetter, DeadLetterGroups, DeadLetterList, DiscardRequest, DiscardResult, Deletion, Hold, HoldPreview, HoldRequest, IncidentChange, IncidentDetail, IncidentPage, Problem, QueryRequest, QueryResult, ReplayRequest, ReplayResult, RuleDetail, RuleList, Schema, Session, SignIn, SourceList, Stock } from "./types.gen";
import { parseExact } from "../lib/exactJson";

/** Every response that is not a success, and every failure to get one. */
export class ApiError extends Error {
  constructor(readonly status: number, readonly problem: Problem) {
    super(problem.message);
  }
}

/** Makes a Problem of anything that was thrown, in words for an analyst. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ApiError) return error.problem;
  return { kind: "internal", message: error instanceof Error ? error.message : "Something went wrong in this page. Reload it.", requestId: "" };
}

let sessionEnded: () => void = () => {};

/** Registers what happens when the server says that there is no session (401). */
export function onSessionEnd(listener: () => void): void {
  sessionEnded = listener;
}

type Query = Record<string, string | number | undefined>;
interface Options { query?: Query; body?: unknown; signal?: AbortSignal }

/** The only fetch of the user interface: same-origin cookie, JSON both ways, Problems thrown as ApiError. */
async function request<T>(method: string, path: string, { query, body, signal }: Options = {}): Promise<T> {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined && value !== "") search.set(name, String(value));
  const headers: Record<string, string> = { accept: "application/json" };
  if (method !== "GET") headers["X-Tocsin-Request"] = "1";
  if (body !== undefined) headers["content-type"] = "application/json";
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}${search.size ? `?${search}` : ""}`, {
      method, headers, signal: signal ?? null, credentials: "same-origin", body: body === undefined ? null : JSON.stringify(body),
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, { kind: "unavailable", message: "The server does not answer. Check that Tocsin is running, then try again.", requestId: "" });
  }
  if (response.ok) return response.status === 204 ? (undefined as T) : (parseExact(await response.text()) as T);
  if (response.status === 401 && path !== "/session") sessionEnded();
  throw new ApiError(response.status, await readProblem(response));
}

async function readProblem(response: Response): Promise<Problem> {
  try {
    const problem = (await response.json()) as Partial<Problem>;
    if (problem.kind && problem.message) return { requestId: "", ...problem } as Problem;
  } catch {
    // A proxy in between answered in its own words; say what is known.
  }
  const kind = response.status >= 500 ? "unavailable" : "invalid";
  return { kind, message: `The server answered ${response.status}. Try again; if it stays, ask your administrator.`, requestId: "" };
}

const id = encodeURIComponent;

export const api = {
  session: () => request<Session>("GET", "/session"),
  signIn: (body: SignIn) => request<Session>("POST", "/session", { body }),
  signOut: () => request<void>("DELETE", "/session"),
  users: () => request<Assignee[]>("GET", "/users"),
  incidents: (query: Query, signal?: AbortSignal) => request<IncidentPage>("GET", "/incidents", { query, signal }),
  incident: (number: number, signal?: AbortSignal) => request<IncidentDetail>("GET", `/incidents/${number}`, { signal }),
  changeIncident: (number: number, body: IncidentChange) => request<unknown>("PATCH", `/incidents/${number}`, { body }),
  comment: (number: number, text: string) => request<unknown>("POST", `/incidents/${number}/comments`, { body: { text } }),
  schema: () => request<Schema>("GET", "/schema"),
  runQuery: (body: QueryRequest, signal?: AbortSignal) => request<QueryResult>("POST", "/query", { body, signal }),
  checkQuery: (body: QueryRequest, signal?: AbortSignal) => request<Pick<QueryResult, "diagnostics">>("POST", "/query/check", { body, signal }),
  rules: (query: Query, signal?: AbortSignal) => request<RuleList>("GET", "/rules", { query, signal }),
  rule: (rule: string, signal?: AbortSignal) => request<RuleDetail>("GET", `/rules/${id(rule)}`, { signal }),
  deadLetters: (query: Query, signal?: AbortSignal) => request<DeadLetterList>("GET", "/dead-letters", { query, signal }),
  deadLetterGroups: (query: Query, signal?: AbortSignal) => request<DeadLetterGroups>("GET", "/dead-letters/groups", { query, signal }),
  deadLetter: (letter: string, signal?: AbortSignal) => request<DeadLetter>("GET", `/dead-letters/${id(letter)}`, { signal }),
  replay: (body: ReplayRequest) => request<ReplayResult>("POST", "/dead-letters/replay", { body }),
  discard: (body: DiscardRequest) => request<DiscardResult>("POST", "/dead-letters/discard", { body }),
  stock: (signal?: AbortSignal) => request<Stock>("GET", "/retention/tables", { signal }),
  deletions: (limit: number, signal?: AbortSignal) => request<{ items: Deletion[] }>("GET", "/retention/runs", { query: { limit }, signal }),
  holds: (signal?: AbortSignal) => request<{ items: Hold[] }>("GET", "/holds", { signal }),
  previewHold: (query: Query, signal?: AbortSignal) => request<HoldPreview>("GET", "/holds/preview", { query, signal }),
  addHold: (body: HoldRequest) => request<Hold>("POST", "/holds", { body }),
  releaseHold: (hold: string, reason: string) => request<{ items: Hold[] }>("POST", `/holds/${id(hold)}/release`, { body: { reason } }),
  sources: (signal?: AbortSignal) => request<SourceList>("GET", "/sources", { signal }),
};
