import { Button, DrawerBody, DrawerFooter, DrawerHeader, DrawerHeaderTitle, Dropdown, Field, Option, OverlayDrawer, Radio, RadioGroup, Textarea } from "@fluentui/react-components";
import { DismissRegular } from "@fluentui/react-icons";
import { useState, type ReactNode } from "react";
import type { Determination, IncidentChange, Problem } from "../../../api/types.gen";
import { Failure } from "../../../ui/Failure";
import { words } from "../../../lib/words";
import { determinationsOf, verdicts, type Verdict } from "../model";
import styles from "./ClosePanel.module.css";

interface Props {
  subject: string; isPending: boolean; problem: Problem | null; conflict?: ReactNode;
  onCancel: () => void; onClose: (change: Omit<IncidentChange, "version">) => void;
}

/** The panel that closes incidents: classification, determination, comment. */
export function ClosePanel({ subject, isPending, problem, conflict, onCancel, onClose }: Props) {
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  const [determination, setDetermination] = useState("");
  const [comment, setComment] = useState("");
  const options = verdict ? determinationsOf(verdict) : [];
  const submit = () => {
    if (!verdict) return;
    onClose({ status: "closed", classification: verdict, determination: (determination || undefined) as Determination | undefined, comment: comment.trim() || undefined });
  };
  return (
    <OverlayDrawer open position="end" style={{ width: 400 }} onOpenChange={onCancel}>
      <DrawerHeader><DrawerHeaderTitle action={<Button appearance="subtle" aria-label="Cancel" icon={<DismissRegular />} onClick={onCancel} />}>Close {subject}</DrawerHeaderTitle></DrawerHeader>
      <DrawerBody>
        <form id="close-form" className={styles.form} onSubmit={(e) => { e.preventDefault(); submit(); }} onKeyDown={(e) => { if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) submit(); }}>
          {conflict}
          {problem && <Failure size="line" problem={problem} />}
          <Field label="Classification" required>
            <RadioGroup value={verdict ?? ""} onChange={(_, d) => { setVerdict(d.value as Verdict); setDetermination(""); }}>
              {verdicts.map((v) => <Radio key={v.value} value={v.value} label={<>{v.label}<span className={styles.hint}>{v.hint}</span></>} />)}
            </RadioGroup>
          </Field>
          {options.length > 0 && (
            <Field label="Determination">
              <Dropdown placeholder="Choose what it was" value={determination && words(determination)} selectedOptions={[determination]} onOptionSelect={(_, d) => setDetermination(d.optionValue ?? "")}>
                {options.map((o) => <Option key={o.value} value={o.value}>{o.label}</Option>)}
              </Dropdown>
            </Field>
          )}
          <Field label="Comment" hint="Kept with the incident and in its activity log.">
            <Textarea rows={6} resize="vertical" value={comment} onChange={(_, d) => setComment(d.value)} maxLength={30_000} />
          </Field>
        </form>
      </DrawerBody>
      <DrawerFooter>
        <Button appearance="primary" type="submit" form="close-form" disabled={!verdict || isPending}>{isPending ? "Closing…" : `Close ${subject}`}</Button>
        <Button onClick={onCancel}>Cancel</Button>
      </DrawerFooter>
    </OverlayDrawer>
  );
}
