/** What the page of retention shows; all of it stands in the address. */
export interface RetentionView {
  tab: Tab;
  q: string; // part of a table's name
  sort: string; // a field of tables, "-" before it for descending
  hold: string; // the one in the side panel
}
export type Tab = "tables" | "holds" | "deletions";

const tabs: Tab[] = ["tables", "holds", "deletions"];
export const sorts = ["name", "rows", "bytes", "oldest", "newest", "next"] as const;
export type Sort = (typeof sorts)[number];

type Search = Record<string, string | undefined>;

/** Reads a view from the address; what it does not understand becomes the default. */
export function parseRetention({ tab = "", q = "", sort = "", hold = "" }: Search): RetentionView {
  return { tab: tabs.includes(tab as Tab) ? (tab as Tab) : "tables", q, sort: sorts.includes(sort.replace(/^-/, "") as Sort) ? sort : "-bytes", hold };
}

/** Writes a view for the address. */
export const formatRetention = (view: RetentionView): Search => ({ tab: view.tab === "tables" ? undefined : view.tab, q: view.q || undefined, sort: view.sort === "-bytes" ? undefined : view.sort, hold: view.hold || undefined });
