import { Checkbox, Field, Textarea } from "@fluentui/react-components";
import { useState } from "react";
import { problemOf } from "../../../api/client";
import type { Hold } from "../../../api/types.gen";
import { Failure } from "../../../ui/Failure";
import { Panel } from "../../../ui/Panel";
import { scopeText } from "../model";
import { useReleaseHold } from "../queries";
import styles from "./Retention.module.css";

interface Props { hold: Hold; onClose: () => void; onDone: () => void }

/** Releases a hold: with a reason, and a confirmation, for what goes then does not come back. */
export function ReleasePanel({ hold, onClose, onDone }: Props) {
  const [reason, setReason] = useState("");
  const [isSure, setSure] = useState(false);
  const release = useReleaseHold();
  const isReady = isSure && reason.trim() !== "";
  return (
    <Panel title="Release a hold" submit="Release hold" busy="Releasing…" isReady={isReady} isPending={release.isPending} note={isReady ? "" : reason.trim() ? "Confirm it." : "Say why."} onCancel={onClose} onSubmit={() => release.mutate({ id: hold.id, reason: reason.trim() }, { onSuccess: onDone })}>
      <p className={styles.scope}>{scopeText(hold)}.</p>
      <p>Set by {hold.createdBy}: {hold.reason}</p>
      <p>From the next run of retention on, rows that no other hold keeps go once their time or the bound of size asks for it. They do not come back. The hold stays listed.</p>
      <Field label="Why" required><Textarea autoFocus rows={3} maxLength={2000} value={reason} onChange={(_, d) => setReason(d.value)} /></Field>
      <Checkbox label="What only this hold keeps may be deleted." checked={isSure} onChange={(_, d) => setSure(d.checked === true)} />
      {release.error && <Failure size="line" problem={problemOf(release.error)} />}
    </Panel>
  );
}
