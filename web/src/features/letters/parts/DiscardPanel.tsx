import { Field, Textarea } from "@fluentui/react-components";
import { useState } from "react";
import { problemOf } from "../../../api/client";
import { count } from "../../../lib/words";
import { Failure } from "../../../ui/Failure";
import { Panel } from "../../../ui/Panel";
import type { Subject } from "../model";
import { useDiscard } from "../queries";

interface Props { subject: Subject; onDone: (text: string, isGood: boolean) => void; onClose: () => void }

/** Asks why letters are discarded: it cannot be undone, and somebody will want to know. */
export function DiscardPanel({ subject, onDone, onClose }: Props) {
  const [note, setNote] = useState("");
  const discard = useDiscard();
  const what = count(subject.size, "letter");
  const send = () => discard.mutate({ subject, note: note.trim() }, {
    onSuccess: (n) => { onDone(n === 0 ? "No letter was open any more; none was discarded." : `${count(n, "letter")} discarded. They stay listed until their retention has passed.`, n > 0); onClose(); },
  });
  return (
    <Panel title={`Discard ${what}`} submit={`Discard ${what}`} busy="Discarding…" isReady={note.trim() !== ""} isPending={discard.isPending} note={note.trim() ? "" : "Say why."} onCancel={onClose} onSubmit={send}>
      <p>They are not replayed any more, and this cannot be undone. The records stay listed under the state <i>Discarded</i>, with your name and the reason, until their retention has passed.</p>
      <Field label="Why" required><Textarea autoFocus rows={4} maxLength={2000} value={note} onChange={(_, d) => setNote(d.value)} /></Field>
      {discard.error && <Failure size="line" problem={problemOf(discard.error)} />}
    </Panel>
  );
}
