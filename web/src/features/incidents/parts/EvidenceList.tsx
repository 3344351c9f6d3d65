import { Button } from "@fluentui/react-components";
import { ChevronRightRegular } from "@fluentui/react-icons";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Evidence } from "../../../api/types.gen";
import { formatHunt } from "../../../kql/link";
import { clock, utc } from "../../../lib/time";
import { count } from "../../../lib/words";
import { evidenceQuery, fieldsOf } from "../model";
import styles from "./EvidenceList.module.css";

const shownAtFirst = 3;

/** The stored events an alert rests on; each opens to its whole text and leads to the hunting page. */
export function EvidenceList({ evidence }: { evidence: Evidence[] }) {
  const [isAll, setAll] = useState(false);
  const shown = isAll ? evidence : evidence.slice(0, shownAtFirst);
  if (evidence.length === 0) return null;
  return (
    <div className={styles.list} role="list" aria-label={count(evidence.length, "event")}>
      {shown.map((e, i) => <EvidenceRow key={i} evidence={e} />)}
      {evidence.length > shown.length && <Button size="small" appearance="transparent" className={styles.more} onClick={() => setAll(true)}>{count(evidence.length - shown.length, "more event")}</Button>}
    </div>
  );
}

function EvidenceRow({ evidence: e }: { evidence: Evidence }) {
  const [isOpen, setOpen] = useState(false);
  const fields = fieldsOf(e.summary);
  // The whole of time: the event's own id finds it, however old it is.
  const hunt = e.table && e.eventId ? formatHunt({ query: evidenceQuery(e.table, e.eventId), range: { preset: "all" } }) : null;
  return (
    <div role="listitem" className={styles.row} data-open={isOpen || undefined}>
      <button type="button" className={styles.toggle} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <ChevronRightRegular className={styles.chevron} aria-hidden="true" />
        <time dateTime={e.occurredAt} title={utc(e.occurredAt)}>{clock(e.occurredAt)}</time>
        <code className={styles.table} title={hunt ? undefined : "A row the rule computed from many events"}>{e.table || "result"}</code>
        <span className={styles.summary}>{fields && !isOpen ? fields.map(([name, value]) => <span key={name}><i>{name}</i> {value} </span>) : fields ? "" : e.summary}</span>
      </button>
      {hunt && <Link to="/hunting" search={hunt} state={{ run: true }} className={styles.hunt} title="Look at this event on the hunting page">Hunt</Link>}
      {isOpen && fields && <dl className={styles.fields}>{fields.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>}
      {isOpen && <p className={styles.whole}>{utc(e.occurredAt)}{e.eventId && <> · event <code>{e.eventId}</code></>}</p>}
    </div>
  );
}
