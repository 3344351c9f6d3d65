import type { ReactNode } from "react";
import type { IncidentDetail } from "../../../api/types.gen";
import { utc } from "../../../lib/time";
import { When, useNow } from "../../../ui/When";
import { acknowledgement } from "../model";
import styles from "./Header.module.css";

/** The times of an incident in one line; each tells the exact moment when pointed at. */
export function Facts({ incident: i }: { incident: IncidentDetail }) {
  const mtta = acknowledgement(i, useNow());
  const hint = i.acknowledgedAt ? `A person first owned it at ${utc(i.acknowledgedAt)}` : mtta.isRunning ? "Nobody has owned it yet: the clock is running" : "Closed before anybody owned it";
  return (
    <dl className={styles.facts}>
      <Fact name="Activity" title="First to last activity in the telemetry"><When at={i.firstActivity} /> – <When at={i.lastActivity} suffix /></Fact>
      <Fact name="Created"><When at={i.createdAt} suffix /></Fact>
      <Fact name="Updated"><When at={i.updatedAt} suffix /></Fact>
      {i.closedAt && <Fact name="Closed"><When at={i.closedAt} suffix /></Fact>}
      <Fact name="Acknowledged" title={hint}><span className={mtta.isRunning ? styles.running : undefined}>{mtta.isRunning ? `waiting ${mtta.text}` : `after ${mtta.text}`}</span></Fact>
    </dl>
  );
}

function Fact({ name, title, children }: { name: string; title?: string; children: ReactNode }) {
  return <div title={title}><dt>{name}</dt><dd>{children}</dd></div>;
}
