import { ChevronRightRegular } from "@fluentui/react-icons";
import { useState } from "react";
import type { Alert, EntityInIncident } from "../../../api/types.gen";
import { count, words } from "../../../lib/words";
import { When } from "../../../ui/When";
import { entityLight, type Focus } from "../focus";
import { entityName, groupEntities } from "../model";
import { EntityIcon } from "./EntityIcon";
import styles from "./Entities.module.css";

interface Props { entities: EntityInIncident[]; alerts: Alert[]; focus: Focus; onFocus: (focus: Focus) => void }

/** Everything the incident is about, by type; pointing at one lights up its alerts. */
export function Entities({ entities, alerts, focus, onFocus }: Props) {
  return (
    <section className={styles.entities} aria-label="Entities">
      <h2 className={styles.heading}>Entities <span>{entities.length}</span></h2>
      {groupEntities(entities).map((group) => (
        <div key={group.type} className={styles.group}>
          <h3>{words(group.type === "IP" || group.type === "URL" || group.type === "DNS" ? group.type.toLowerCase() : group.type).replace(/^(Ip|Url|Dns)$/, (t) => t.toUpperCase())}</h3>
          <ul>{group.entities.map((e) => <EntityRow key={entityName(e)} entity={e} alerts={alerts} focus={focus} onFocus={onFocus} />)}</ul>
        </div>
      ))}
    </section>
  );
}

function EntityRow({ entity: e, alerts, focus, onFocus }: { entity: EntityInIncident; alerts: Alert[]; focus: Focus; onFocus: (focus: Focus) => void }) {
  const [isOpen, setOpen] = useState(false);
  const name = entityName(e);
  const jump = (id: string) => {
    const target = document.getElementById(`alert-${id}`);
    target?.scrollIntoView({ block: "center", behavior: "smooth" });
    target?.focus({ preventScroll: true });
  };
  return (
    <li className={styles.entity} data-light={entityLight(e, focus)} onMouseEnter={() => onFocus({ entity: name })} onMouseLeave={() => onFocus(null)}>
      <button type="button" className={styles.toggle} aria-expanded={isOpen} title={e.label} onClick={() => setOpen(!isOpen)} onFocus={() => onFocus({ entity: name })} onBlur={() => onFocus(null)}>
        <EntityIcon type={e.type} /><span className={styles.label}>{e.label}</span>
        <span className={styles.count} title={count(e.alerts.length, "alert")}>{e.alerts.length}</span>
        <ChevronRightRegular className={styles.chevron} aria-hidden="true" />
      </button>
      {isOpen && (
        <div className={styles.more}>
          <dl>
            {Object.entries(e.identifiers).map(([id, value]) => <div key={id}><dt>{id}</dt><dd>{value}</dd></div>)}
            <div><dt>Seen</dt><dd><When at={e.firstSeen} /> – <When at={e.lastSeen} suffix /></dd></div>
          </dl>
          {e.key === "" && <p className={styles.weak}>Too common to identify one thing: it never links alerts.</p>}
          <ul>{e.alerts.map((id) => <li key={id}><button type="button" className={styles.jump} onClick={() => jump(id)}>{alerts.find((a) => a.id === id)?.title ?? id}</button></li>)}</ul>
        </div>
      )}
    </li>
  );
}
