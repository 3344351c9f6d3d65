import { useQuery } from "@tanstack/react-query";
import { api } from "../../api/client";

/** The sources; figures move with every batch, so they are fetched anew while they are looked at. */
export const useSources = () => useQuery({ queryKey: ["sources"], queryFn: ({ signal }) => api.sources(signal), refetchInterval: 10_000 });
