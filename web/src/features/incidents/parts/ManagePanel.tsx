import { Button, Dropdown, Field, Input, Option } from "@fluentui/react-components";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError, problemOf } from "../../../api/client";
import type { Assignee, Classification, Determination, IncidentDetail, IncidentStatus, Severity as Level } from "../../../api/types.gen";
import { words } from "../../../lib/words";
import { Failure } from "../../../ui/Failure";
import { severityNames } from "../../../ui/Severity";
import { useSay } from "../../../ui/Toasts";
import { changeOf, draftOf, obstacle, rebase, type Draft } from "../draft";
import { since } from "../model";
import { useChange } from "../queries";
import { Conflict } from "./Conflict";
import { Panel } from "../../../ui/Panel";
import { VerdictFields } from "./VerdictFields";

interface Props { incident: IncidentDetail; users: Assignee[]; me: string; closing: boolean; onDone: () => void }

const levels: Level[] = ["high", "medium", "low", "informational"];
const statuses: IncidentStatus[] = ["new", "active", "closed"];

/** The panel in which everything about an incident can be changed in one step; closing asks for the verdict alone. */
export function ManagePanel({ incident, users, me, closing, onDone }: Props) {
  const [base, setBase] = useState(incident);
  const [draft, setDraft] = useState<Draft>(() => ({ ...draftOf(incident), ...(closing ? { status: "closed" as const } : {}) }));
  const save = useChange(incident.id);
  const client = useQueryClient();
  const say = useSay();
  const set = (change: Partial<Draft>) => setDraft({ ...draft, ...change });
  const change = changeOf(base, draft);
  const isConflict = save.error instanceof ApiError && save.error.problem.kind === "conflict";
  const submit = () => {
    if (!change) return;
    save.mutate(change, {
      onSuccess: () => { say(change.status === "closed" ? `Incident ${incident.id} closed` : `Incident ${incident.id} saved`); onDone(); },
      onError: () => void client.invalidateQueries({ queryKey: ["incident", incident.id] }),
    });
  };
  const reload = () => {
    setDraft(rebase(draft, base, incident));
    setBase(incident);
    save.reset();
  };
  const isClosing = draft.status === "closed" && base.status !== "closed";
  return (
    <Panel
      title={isClosing ? `Close incident ${incident.id}` : `Manage incident ${incident.id}`} submit={isClosing ? "Close incident" : "Save"}
      isReady={!!change && !obstacle(draft) && !isConflict} isPending={save.isPending} note={change ? obstacle(draft) : "Nothing changed yet."} onCancel={onDone} onSubmit={submit}
    >
      {isConflict && <Conflict entries={since(incident.timeline, base.version)} onReload={reload} />}
      {save.error && !isConflict && <Failure size="line" problem={problemOf(save.error)} />}
      {!closing && (
        <Field label="Status">
          <Dropdown value={words(draft.status)} selectedOptions={[draft.status]} onOptionSelect={(_, d) => set({ status: d.optionValue as IncidentStatus })}>
            {statuses.map((s) => <Option key={s} value={s}>{words(s)}</Option>)}
          </Dropdown>
        </Field>
      )}
      {draft.status === "closed" && (
        <VerdictFields value={draft} onChange={(v) => set({ comment: v.comment, classification: v.classification as Classification, determination: v.determination as Determination })} />
      )}
      {!closing && <Properties draft={draft} users={users} me={me} onChange={set} />}
    </Panel>
  );
}

/** Owner, severity, title and tags: what closing leaves as it is. */
function Properties({ draft, users, me, onChange }: { draft: Draft; users: Assignee[]; me: string; onChange: (change: Partial<Draft>) => void }) {
  const name = (user: string) => (user ? (users.find((u) => u.user === user)?.displayName ?? user) : "Unassigned");
  return (
    <>
      <Field label={<>Owner{draft.owner !== me && <Button size="small" appearance="transparent" onClick={() => onChange({ owner: me })}>Assign to me</Button>}</>}>
        <Dropdown value={name(draft.owner)} selectedOptions={[draft.owner]} onOptionSelect={(_, d) => onChange({ owner: d.optionValue ?? "" })}>
          <Option value="">Unassigned</Option>
          {users.map((u) => <Option key={u.user} value={u.user}>{u.displayName}</Option>)}
        </Dropdown>
      </Field>
      <Field label="Severity">
        <Dropdown value={severityNames[draft.severity]} selectedOptions={[draft.severity]} onOptionSelect={(_, d) => onChange({ severity: d.optionValue as Level })}>
          {levels.map((l) => <Option key={l} value={l}>{severityNames[l]}</Option>)}
        </Dropdown>
      </Field>
      <Field label="Title" required><Input value={draft.title} maxLength={500} onChange={(_, d) => onChange({ title: d.value })} /></Field>
      <Field label="Tags" hint="Separated by commas"><Input value={draft.tags} onChange={(_, d) => onChange({ tags: d.value })} /></Field>
    </>
  );
}
