import { Button, Field, Input, Textarea } from "@fluentui/react-components";
import { useState } from "react";
import { problemOf } from "../../../api/client";
import type { Hold, HoldScope } from "../../../api/types.gen";
import { readTime } from "../../../lib/time";
import { Failure } from "../../../ui/Failure";
import { Notice } from "../../../ui/Notice";
import { Panel } from "../../../ui/Panel";
import { useAddHold, usePreview, useTables } from "../queries";
import { Kept } from "./HoldPane";
import styles from "./Retention.module.css";

interface Props { onClose: () => void; onDone: (hold: Hold) => void }

const badTime = (text: string) => (text && !readTime(text) ? "Write it as 2026-11-21 14:00" : undefined);

/** Sets a hold; what it would keep can be counted first. */
export function HoldPanel({ onClose, onDone }: Props) {
  const tables = useTables();
  const [draft, setDraft] = useState({ table: "", from: "", to: "", entity: "", incident: "", reason: "" });
  const preview = usePreview();
  const add = useAddHold();
  const set = (change: Partial<typeof draft>) => { setDraft({ ...draft, ...change }); if (!("reason" in change)) preview.reset(); add.reset(); };
  const [from, to] = [readTime(draft.from), readTime(draft.to)];
  const isNumber = draft.incident === "" || /^[1-9]\d{0,11}$/.test(draft.incident);
  const isReady = !badTime(draft.from) && !badTime(draft.to) && isNumber && !(from && to && from >= to);
  const scope: HoldScope = {
    ...(draft.table.trim() && { table: draft.table.trim() }), ...(from && { from }), ...(to && { to }), ...(draft.entity.trim() && { entity: draft.entity.trim() }), ...(draft.incident && { incident: Number(draft.incident) }),
  };
  const isAll = Object.keys(scope).length === 0;
  return (
    <Panel title="Set a hold" submit="Set hold" busy="Setting…" width={460} isReady={isReady && draft.reason.trim() !== ""} isPending={add.isPending} note={draft.reason.trim() ? "" : "Say why."} onCancel={onClose} onSubmit={() => add.mutate({ ...scope, reason: draft.reason.trim() }, { onSuccess: onDone })}>
      <p>It keeps the rows that meet every condition given, whatever their age and however full the store is, until it is released.</p>
      <Field label="Table"><Input autoFocus list="hold-tables" value={draft.table} placeholder="all tables" onChange={(_, d) => set({ table: d.value })} /></Field>
      <datalist id="hold-tables">{tables.map((t) => <option key={t} value={t} />)}</datalist>
      <div className={styles.pair}>
        <Field label="Event time from (UTC)" validationMessage={badTime(draft.from)}><Input value={draft.from} placeholder="any, such as 2026-11-21" onChange={(_, d) => set({ from: d.value })} /></Field>
        <Field label="Event time before (UTC)" validationMessage={badTime(draft.to) ?? (from && to && from >= to ? "It must be later than from" : undefined)}><Input value={draft.to} placeholder="any" onChange={(_, d) => set({ to: d.value })} /></Field>
      </div>
      <Field label="Text that occurs in the row" hint="A user, host, address … in any column, in any case"><Input value={draft.entity} maxLength={1000} onChange={(_, d) => set({ entity: d.value })} /></Field>
      <Field label="Number of an incident" hint="Holds from an hour before its first activity on, unless a time is given" validationMessage={isNumber ? undefined : "Write a number"}><Input value={draft.incident} onChange={(_, d) => set({ incident: d.value.trim() })} /></Field>
      <Field label="Why" required><Textarea rows={3} maxLength={2000} value={draft.reason} onChange={(_, d) => set({ reason: d.value })} /></Field>
      {isAll && <Notice tone="warn">Without a condition it holds every row of every table: nothing goes any more, and the store grows until the disk is nearly full.</Notice>}
      <div><Button size="small" disabled={!isReady || preview.isPending} onClick={() => preview.mutate(scope)}>{preview.isPending ? "Counting…" : "Count what it would keep"}</Button></div>
      {preview.data && <Kept preview={preview.data} />}
      {preview.error && <Failure size="line" problem={problemOf(preview.error)} />}
      {add.error && <Failure size="line" problem={problemOf(add.error)} />}
    </Panel>
  );
}
