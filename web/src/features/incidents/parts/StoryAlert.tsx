import { Link } from "@tanstack/react-router";
import type { Alert } from "../../../api/types.gen";
import { clock, utc } from "../../../lib/time";
import { ruleKindName, tacticName, words } from "../../../lib/words";
import { Chip } from "../../../ui/Chip";
import { Severity } from "../../../ui/Severity";
import { alertLight, type Focus } from "../focus";
import { detailText, entityName } from "../model";
import { EntityIcon } from "./EntityIcon";
import { EvidenceList } from "./EvidenceList";
import styles from "./Story.module.css";

interface Props { alert: Alert; focus: Focus; onFocus: (focus: Focus) => void }

/** One alert of the story: when, what, why it is here, on whom, and what it rests on. */
export function StoryAlert({ alert: a, focus, onFocus }: Props) {
  const details = Object.entries(a.customDetails);
  return (
    <article id={`alert-${a.id}`} className={styles.alert} data-severity={a.severity} data-light={alertLight(a, focus)} onMouseEnter={() => onFocus({ alert: a.id })} onMouseLeave={() => onFocus(null)} tabIndex={-1}>
      <time className={styles.clock} dateTime={a.firstActivity} title={`${utc(a.firstActivity)} to ${utc(a.lastActivity)}`}>{clock(a.firstActivity)}</time>
      <div className={styles.card}>
        <div className={styles.top}>
          <Severity level={a.severity} hideName />
          <h3>{a.title}</h3>
          {a.count > 1 && <Chip title="The same finding came up this often">× {a.count}</Chip>}
          <span className={styles.state}>{words(a.status)}</span>
        </div>
        <p className={styles.chips}>
          {a.tactics.map((t) => <Chip key={t}>{tacticName(t)}</Chip>)}
          {a.techniques.map((t) => <Chip key={t} kind="code">{t}</Chip>)}
          <Link to="/detections" search={{ rule: a.ruleId }} className={styles.rule} title={`Rule ${a.ruleId}`}>{ruleKindName(a.ruleKind)} rule{a.author ? ` by ${a.author}` : ""}</Link>
        </p>
        {a.reason && a.reason.rule !== "first" && (
          <p className={styles.reason} title={a.reason.value}>
            <b>Linked:</b> {a.reason.text} <span className={styles.score}>score {a.reason.score.toFixed(2)} · {a.reason.rule}</span>
          </p>
        )}
        <p className={styles.description}>{a.description}</p>
        <p className={styles.involved}>
          {a.entities.map((e) => (
            <span key={entityName(e)} className={styles.entity} title={`${e.type} ${e.label}`} onMouseEnter={() => onFocus({ entity: entityName(e) })} onMouseLeave={() => onFocus({ alert: a.id })}><EntityIcon type={e.type} /><span>{e.label}</span></span>
          ))}
        </p>
        {details.length > 0 && <dl className={styles.details}>{details.map(([name, values]) => <div key={name}><dt>{name}</dt><dd>{detailText(values)}</dd></div>)}</dl>}
        {a.notes.map((note) => <p key={note} className={styles.note}>{note}</p>)}
        <EvidenceList evidence={a.evidence} />
      </div>
    </article>
  );
}
