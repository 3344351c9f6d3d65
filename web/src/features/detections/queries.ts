import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { api } from "../../api/client";
import type { RulesView } from "./url";

/** The rules that fit, page after page. */
export function useRules({ q, state, kind }: RulesView) {
  const query = { q: q.trim(), state, kind, limit: 200 };
  return useInfiniteQuery({
    queryKey: ["rules", query],
    queryFn: ({ pageParam, signal }) => api.rules({ ...query, cursor: pageParam }, signal),
    initialPageParam: "",
    getNextPageParam: (last) => last.next || undefined,
    placeholderData: keepPreviousData,
  });
}

export const useRule = (id: string) => useQuery({ queryKey: ["rule", id], queryFn: ({ signal }) => api.rule(id, signal), enabled: id !== "" });
