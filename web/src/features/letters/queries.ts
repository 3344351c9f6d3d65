import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api } from "../../api/client";
import type { DeadLetterQuery, ReplayRequest, ReplayResult } from "../../api/types.gen";
import type { Subject } from "./model";
import { queryOf, type LettersView } from "./url";

const pageSize = 100;
const atOnce = 500; // ids of one request
const lookAgain = 15_000;

/** Letters counted by the kind of their reason, whatever group is looked at. */
export function useGroups(view: LettersView) {
  const { state, source, q, since } = view;
  return useQuery({
    queryKey: ["letters", "groups", { state, source, q: q.trim(), since }], placeholderData: keepPreviousData, refetchInterval: lookAgain,
    queryFn: ({ signal }) => api.deadLetterGroups(queryOf(view, false, Date.now()), signal),
  });
}

/** The letters that fit, newest first, page after page. */
export function useLetters(view: LettersView) {
  const { state, source, q, since, kind, table, of } = view;
  return useInfiniteQuery({
    queryKey: ["letters", "list", { state, source, q: q.trim(), since, kind, table, of }],
    queryFn: ({ pageParam, signal }) => api.deadLetters({ ...queryOf(view, true, Date.now()), order: "newest", limit: pageSize, cursor: pageParam }, signal),
    initialPageParam: "",
    getNextPageParam: (last) => last.next || undefined,
    placeholderData: keepPreviousData,
    refetchInterval: (query) => ((query.state.data?.pages.length ?? 0) <= 1 ? lookAgain : false),
  });
}

export const useLetter = (letter: string) => useQuery({ queryKey: ["letters", "one", letter], queryFn: ({ signal }) => api.deadLetter(letter, signal) });

/** The sources that ever had a dead letter. */
export function useLetterSources(): string[] {
  const list = useQuery({ queryKey: ["sources"], queryFn: ({ signal }) => api.sources(signal), staleTime: 60_000 }).data?.items ?? [];
  return list.filter((s) => s.deadLettered > 0).map((s) => s.id);
}

/** The names of the tables that records can be sent to. */
export const useTables = (): string[] => useQuery({ queryKey: ["schema"], queryFn: api.schema, staleTime: 300_000 }).data?.tables.map((t) => t.name) ?? [];

/** What is changed about records before they are tried again. */
export type Change = Pick<ReplayRequest, "setTable" | "setFormat" | "edit">;

/** Replays letters, or says what would become of them; very many ids go in parts. */
export function useReplay() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async ({ subject, change, isDry }: { subject: Subject; change: Change; isDry: boolean }) => {
      const results: ReplayResult[] = [];
      for (const query of partsOf(subject)) results.push(await api.replay({ ...query, ...change, isDry }));
      return results.reduce(added);
    },
    onSettled: (_, __, { isDry }) => (isDry ? undefined : refresh(client)),
  });
}

/** Discards letters; returns how many. */
export function useDiscard() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async ({ subject, note }: { subject: Subject; note: string }) => {
      let discarded = 0;
      for (const query of partsOf(subject)) discarded += (await api.discard({ ...query, note })).discarded;
      return discarded;
    },
    onSettled: () => refresh(client),
  });
}

/** The queries that choose a subject: only open letters can be acted on. */
function partsOf({ ids, query }: Subject): DeadLetterQuery[] {
  if (!ids) return [Object.fromEntries(Object.entries({ ...query, state: "open" }).filter(([, v]) => v)) as DeadLetterQuery];
  return Array.from({ length: Math.ceil(ids.length / atOnce) }, (_, i) => ({ ids: ids.slice(i * atOnce, (i + 1) * atOnce) }));
}

function added(a: ReplayResult, b: ReplayResult): ReplayResult {
  const sum = { ...a, isCut: a.isCut || b.isCut, reasons: [...a.reasons], preview: [...a.preview, ...b.preview].slice(0, 5) };
  for (const field of ["tried", "stored", "duplicates", "filtered", "failed", "skipped", "events", "alerts"] as const) sum[field] += b[field];
  for (const r of b.reasons) {
    const known = sum.reasons.findIndex((have) => have.reason === r.reason);
    if (known < 0) sum.reasons.push(r);
    else sum.reasons[known] = { reason: r.reason, count: sum.reasons[known]!.count + r.count };
  }
  return sum;
}

async function refresh(client: ReturnType<typeof useQueryClient>): Promise<void> {
  void client.invalidateQueries({ queryKey: ["sources"] });
  await client.invalidateQueries({ queryKey: ["letters"] });
}
