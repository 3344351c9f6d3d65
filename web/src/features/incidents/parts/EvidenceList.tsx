import { Button } from "@fluentui/react-components";
import { ChevronRightRegular } from "@fluentui/react-icons";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Evidence } from "../../../api/types.gen";
import { formatHunt } from "../../../kql/link";
import { clock, utc } from "../../../lib/time";
import { count } from "../../../lib/words";
import { evidenceQuery } from "../model";
import styles from "./EvidenceList.module.css";

const shownAtFirst = 3;

/** The stored events an alert rests on; each opens to its whole text and leads to the hunting page. */
export function EvidenceList({ evidence }: { evidence: Evidence[] }) {
  const [isAll, setAll] = useState(false);
  const shown = isAll ? evidence : evidence.slice(0, shownAtFirst);
  if (evidence.length === 0) return null;
  return (
    <div className={styles.list} role="list" aria-label={count(evidence.length, "event")}>
      {shown.map((e) => <EvidenceRow key={e.eventId} evidence={e} />)}
      {evidence.length > shown.length && <Button size="small" appearance="transparent" className={styles.more} onClick={() => setAll(true)}>{count(evidence.length - shown.length, "more event")}</Button>}
    </div>
  );
}

function EvidenceRow({ evidence: e }: { evidence: Evidence }) {
  const [isOpen, setOpen] = useState(false);
  // The whole of time: the event's own id finds it, however old it is.
  const hunt = formatHunt({ query: evidenceQuery(e.table, e.eventId), range: { preset: "all" } });
  return (
    <div role="listitem" className={styles.row} data-open={isOpen || undefined}>
      <button type="button" className={styles.toggle} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <ChevronRightRegular className={styles.chevron} aria-hidden="true" />
        <time dateTime={e.occurredAt} title={utc(e.occurredAt)}>{clock(e.occurredAt)}</time>
        <code className={styles.table}>{e.table}</code>
        <span className={styles.summary}>{e.summary}</span>
      </button>
      <Link to="/hunting" search={hunt} state={{ run: true }} className={styles.hunt} title="Look at this event on the hunting page">Hunt</Link>
      {isOpen && <p className={styles.whole}>{utc(e.occurredAt)} · event <code>{e.eventId}</code></p>}
    </div>
  );
}
