import { useState } from "react";
import type { Classification, Determination, IncidentChange } from "../../../api/types.gen";
import { Panel } from "../../../ui/Panel";
import { VerdictFields, type VerdictDraft } from "./VerdictFields";

interface Props { subject: string; isPending: boolean; onCancel: () => void; onClose: (change: Omit<IncidentChange, "version">) => void }

/** The panel that closes several incidents with one verdict. */
export function ClosePanel({ subject, isPending, onCancel, onClose }: Props) {
  const [draft, setDraft] = useState<VerdictDraft>({ classification: "", determination: "", comment: "" });
  const submit = () => onClose({
    status: "closed", classification: draft.classification as Classification, determination: draft.determination as Determination, comment: draft.comment.trim() || undefined,
  });
  return (
    <Panel title={`Close ${subject}`} submit={`Close ${subject}`} isReady={draft.classification !== ""} isPending={isPending} onCancel={onCancel} onSubmit={submit}>
      <VerdictFields value={draft} onChange={setDraft} />
    </Panel>
  );
}
