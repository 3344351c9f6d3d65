import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api } from "../../api/client";
import type { IncidentChange, IncidentSummary } from "../../api/types.gen";
import { queryOf, type QueueView } from "./url";

const pageSize = 200;

/** The queue, page after page. */
export function useQueue(view: QueueView, me: string) {
  const query = queryOf(view, me);
  return useInfiniteQuery({
    queryKey: ["incidents", query],
    queryFn: ({ pageParam, signal }) => api.incidents({ ...query, limit: pageSize, cursor: pageParam }, signal),
    initialPageParam: "",
    getNextPageParam: (last) => last.next || undefined,
    placeholderData: keepPreviousData,
  });
}

export const useIncident = (number: number) => useQuery({ queryKey: ["incident", number], queryFn: ({ signal }) => api.incident(number, signal) });

export const useUsers = () => useQuery({ queryKey: ["users"], queryFn: api.users, staleTime: 300_000 });

/** Changes one incident at the version the caller looked at. */
export function useChange(number: number) {
  const client = useQueryClient();
  return useMutation({ mutationFn: (change: IncidentChange) => api.changeIncident(number, change), onSuccess: () => refresh(client, number) });
}

export function useComment(number: number) {
  const client = useQueryClient();
  return useMutation({ mutationFn: (text: string) => api.comment(number, text), onSuccess: () => refresh(client, number) });
}

/** What came of changing several incidents: those that changed and those that did not, with why. */
export interface BulkOutcome { changed: number; failures: { incident: IncidentSummary; error: unknown }[] }

/** Makes the same change to several incidents, each at its own version, a few at a time. */
export function useBulkChange() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async ({ incidents, change }: { incidents: IncidentSummary[]; change: Omit<IncidentChange, "version"> }): Promise<BulkOutcome> => {
      const outcome: BulkOutcome = { changed: 0, failures: [] };
      const waiting = [...incidents];
      const work = async () => {
        for (let next = waiting.shift(); next; next = waiting.shift()) {
          const incident = next;
          await api.changeIncident(incident.id, { ...change, version: incident.version }).then(
            () => outcome.changed++,
            (error: unknown) => outcome.failures.push({ incident, error }),
          );
        }
      };
      await Promise.all([work(), work(), work(), work()]);
      return outcome;
    },
    onSettled: () => client.invalidateQueries({ queryKey: ["incidents"] }),
  });
}

async function refresh(client: ReturnType<typeof useQueryClient>, number: number): Promise<void> {
  void client.invalidateQueries({ queryKey: ["incidents"] });
  await client.invalidateQueries({ queryKey: ["incident", number] });
}
