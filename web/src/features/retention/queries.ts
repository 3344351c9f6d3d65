import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api } from "../../api/client";
import type { Hold, HoldRequest, HoldScope } from "../../api/types.gen";
import { scopeQuery } from "./model";

const newest = 500; // lines of the record of deletions

/** What every table holds; the server measures at most twice a minute. */
export const useStock = () => useQuery({ queryKey: ["retention", "stock"], queryFn: ({ signal }) => api.stock(signal), refetchInterval: 30_000 });

export const useHolds = () => useQuery({ queryKey: ["retention", "holds"], queryFn: ({ signal }) => api.holds(signal) });

export const useDeletions = () => useQuery({ queryKey: ["retention", "deletions"], queryFn: ({ signal }) => api.deletions(newest, signal), refetchInterval: 60_000 });

/** What a hold keeps now; it reads tables, so it is asked once and again on demand. */
export const useHeld = (hold: Hold) => useQuery({ queryKey: ["retention", "held", hold.id], queryFn: ({ signal }) => api.previewHold(scopeQuery(hold), signal), staleTime: Infinity });

/** Counts what a hold would keep. */
export const usePreview = () => useMutation({ mutationFn: (scope: HoldScope) => api.previewHold(scopeQuery(scope)) });

/** The names of the tables that can be held. */
export const useTables = (): string[] => useQuery({ queryKey: ["schema"], queryFn: api.schema, staleTime: 300_000 }).data?.tables.map((t) => t.name) ?? [];

export function useAddHold() {
  const client = useQueryClient();
  return useMutation({ mutationFn: (request: HoldRequest) => api.addHold(request), onSuccess: () => client.invalidateQueries({ queryKey: ["retention", "holds"] }) });
}

export function useReleaseHold() {
  const client = useQueryClient();
  return useMutation({ mutationFn: ({ id, reason }: { id: string; reason: string }) => api.releaseHold(id, reason), onSettled: () => client.invalidateQueries({ queryKey: ["retention", "holds"] }) });
}
