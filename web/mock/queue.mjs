const rank = { informational: 1, low: 2, medium: 3, high: 4 };

export function summary(incident) {
  const { alerts, timeline, techniques, closeComment, mergedInto, entities, ...rest } = incident;
  return { ...rest, entities: entities.slice(0, 3).map(({ alerts: _a, firstSeen: _f, lastSeen: _l, ...e }) => e) };
}

/** Answers GET /incidents: filter, sort, page, counts. */
export function page(world, query) {
  const all = [...world.incidents.values()];
  const list = (name) => (query.get(name) ?? "").split(",").filter(Boolean);
  const [status, severity, owner, tag] = ["status", "severity", "owner", "tag"].map(list);
  const words = (query.get("q") ?? "").toLowerCase();
  const match = all.filter((i) => (!status.length || status.includes(i.status)) && (!severity.length || severity.includes(i.severity)) && (!owner.length || owner.includes(i.owner || "-"))
    && (!tag.length || tag.some((t) => i.tags.includes(t))) && `${i.id} ${i.title} ${i.entities.map((e) => e.label).join(" ")}`.toLowerCase().includes(words));
  const sort = query.get("sort") || "-updatedAt";
  const key = sort.replace(/^-/, ""), sign = sort.startsWith("-") ? -1 : 1;
  const value = (i) => (key === "severity" ? rank[i.severity] : i[key]);
  match.sort((a, b) => (value(a) < value(b) ? -sign : value(a) > value(b) ? sign : b.id - a.id));
  const limit = Number(query.get("limit") ?? 100), from = Number(query.get("cursor") || 0);
  const open = all.filter((i) => i.status === "new" || i.status === "active");
  return {
    items: match.slice(from, from + limit).map(summary), total: match.length, totalIsLeast: false, next: from + limit < match.length ? String(from + limit) : "",
    counts: { new: all.filter((i) => i.status === "new").length, active: all.filter((i) => i.status === "active").length, closed: all.filter((i) => i.status === "closed").length, unassigned: open.filter((i) => !i.owner).length, openBySeverity: Object.fromEntries(["high", "medium", "low", "informational"].map((s) => [s, open.filter((i) => i.severity === s).length])) },
  };
}
