import { Button } from "@fluentui/react-components";
import type { RefObject } from "react";
import type { Assignee } from "../../../api/types.gen";
import { words } from "../../../lib/words";
import { severityNames } from "../../../ui/Severity";
import { DelayedSearch } from "../../../ui/DelayedSearch";
import { FilterMenu } from "../../../ui/FilterMenu";
import { defaultView, formatView, type QueueView } from "../url";
import styles from "./Filters.module.css";

interface Props { view: QueueView; onView: (view: QueueView) => void; users: Assignee[]; tags: string[]; search: RefObject<HTMLInputElement | null> }

export function Filters({ view, onView, users, tags, search }: Props) {
  const owners = [["me", "Me"], ["-", "Unassigned"], ...users.map((u) => [u.user, u.displayName])] as [string, string][];
  const isDefault = Object.values(formatView({ ...view, sort: defaultView.sort })).every((v) => v === undefined);
  const tagNames = [...new Set([...tags, ...(view.tag ? [view.tag] : [])])].sort();
  return (
    <div className={styles.filters} role="search">
      <DelayedSearch value={view.q} onChange={(q) => onView({ ...view, q })} inner={search} label="Search incidents" placeholder="Search title, entity or number" width={280} />
      <FilterMenu name="Status" multiple values={view.status} options={(["new", "active", "closed", "redirected"] as const).map((s) => [s, s === "redirected" ? "Merged" : words(s)])} onChange={(status) => onView({ ...view, status: status as QueueView["status"] })} />
      <FilterMenu name="Severity" multiple values={view.severity} options={(["high", "medium", "low", "informational"] as const).map((s) => [s, severityNames[s]])} onChange={(severity) => onView({ ...view, severity: severity as QueueView["severity"] })} />
      <FilterMenu name="Owner" values={view.owner ? [view.owner] : []} options={owners} onChange={([owner = ""]) => onView({ ...view, owner })} />
      {tagNames.length > 0 && <FilterMenu name="Tag" values={view.tag ? [view.tag] : []} options={tagNames.map((t) => [t, t])} onChange={([tag = ""]) => onView({ ...view, tag })} />}
      {!isDefault && <Button size="small" appearance="subtle" onClick={() => onView({ ...defaultView, sort: view.sort })}>Reset filters</Button>}
    </div>
  );
}
