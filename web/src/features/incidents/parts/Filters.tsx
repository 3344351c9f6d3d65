import { Button, SearchBox } from "@fluentui/react-components";
import { useEffect, useRef, useState, type RefObject } from "react";
import type { Assignee } from "../../../api/types.gen";
import { words } from "../../../lib/words";
import { severityNames } from "../../../ui/Severity";
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
      <Search value={view.q} onChange={(q) => onView({ ...view, q })} inner={search} />
      <FilterMenu name="Status" multiple values={view.status} options={(["new", "active", "closed", "redirected"] as const).map((s) => [s, s === "redirected" ? "Merged" : words(s)])} onChange={(status) => onView({ ...view, status: status as QueueView["status"] })} />
      <FilterMenu name="Severity" multiple values={view.severity} options={(["high", "medium", "low", "informational"] as const).map((s) => [s, severityNames[s]])} onChange={(severity) => onView({ ...view, severity: severity as QueueView["severity"] })} />
      <FilterMenu name="Owner" values={view.owner ? [view.owner] : []} options={owners} onChange={([owner = ""]) => onView({ ...view, owner })} />
      {tagNames.length > 0 && <FilterMenu name="Tag" values={view.tag ? [view.tag] : []} options={tagNames.map((t) => [t, t])} onChange={([tag = ""]) => onView({ ...view, tag })} />}
      {!isDefault && <Button size="small" appearance="subtle" onClick={() => onView({ ...defaultView, sort: view.sort })}>Reset filters</Button>}
    </div>
  );
}

const typingMillis = 250;

/** The search field; it asks once typing pauses. */
function Search({ value, onChange, inner }: { value: string; onChange: (q: string) => void; inner: RefObject<HTMLInputElement | null> }) {
  const [text, setText] = useState(value);
  const [shown, setShown] = useState(value);
  const latest = useRef(onChange);
  useEffect(() => { latest.current = onChange; });
  if (shown !== value) { // the address changed: by our own typing, or by a reset
    setShown(value);
    if (value !== text.trim()) setText(value);
  }
  useEffect(() => {
    if (text.trim() === value) return;
    const timer = setTimeout(() => latest.current(text.trim()), typingMillis);
    return () => clearTimeout(timer);
  }, [text, value]);
  return <SearchBox className={styles.search} size="small" ref={inner} value={text} onChange={(_, d) => setText(d.value)} placeholder="Search title, entity or number" aria-label="Search incidents" onKeyDown={(e) => { if (e.key === "Escape") e.currentTarget.blur(); }} />;
}
