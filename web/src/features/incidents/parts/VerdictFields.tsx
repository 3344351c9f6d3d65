import { Dropdown, Field, Option, Radio, RadioGroup, Textarea } from "@fluentui/react-components";
import { words } from "../../../lib/words";
import { determinationsOf, verdicts, type Verdict } from "../model";
import styles from "../../../ui/Panel.module.css";

export interface VerdictDraft { classification: string; determination: string; comment: string }

/** Classification, the determinations that fit it, and the closing comment. */
export function VerdictFields({ value, onChange }: { value: VerdictDraft; onChange: (value: VerdictDraft) => void }) {
  const options = value.classification ? determinationsOf(value.classification as Verdict) : [];
  return (
    <>
      <Field label="Classification" required>
        <RadioGroup value={value.classification} onChange={(_, d) => onChange({ ...value, classification: d.value, determination: "" })}>
          {verdicts.map((v) => <Radio key={v.value} value={v.value} label={<>{v.label}<span className={styles.hint}>{v.hint}</span></>} />)}
        </RadioGroup>
      </Field>
      {options.length > 0 && (
        <Field label="Determination">
          <Dropdown placeholder="Choose what it was" value={value.determination && words(value.determination)} selectedOptions={[value.determination]} onOptionSelect={(_, d) => onChange({ ...value, determination: d.optionValue ?? "" })}>
            {options.map((o) => <Option key={o.value} value={o.value}>{o.label}</Option>)}
          </Dropdown>
        </Field>
      )}
      <Field label="Comment" hint="Kept with the incident and in its activity log.">
        <Textarea rows={5} resize="vertical" value={value.comment} onChange={(_, d) => onChange({ ...value, comment: d.value })} maxLength={30_000} />
      </Field>
    </>
  );
}
