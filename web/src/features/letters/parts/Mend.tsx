import { Button, Dropdown, Field, Input, Option, Textarea } from "@fluentui/react-components";
import { useState } from "react";
import { problemOf } from "../../../api/client";
import { count } from "../../../lib/words";
import { Failure } from "../../../ui/Failure";
import { Notice } from "../../../ui/Notice";
import { edits, formats, isWhole, outcomeOf, type Subject } from "../model";
import { useReplay, useTables, type Change } from "../queries";
import styles from "./Letters.module.css";
import { Outcome } from "./Outcome";

interface Props { subject: Subject; onDone: (text: string, isGood: boolean) => void }

const asSent: Change = {};

/**
 * Replays letters: as they are, or changed on the way. A try says what would
 * become of them and stores nothing; the letter keeps the record as it came
 * whatever is changed.
 */
export function Mend({ subject, onDone }: Props) {
  const tables = useTables();
  const [change, setChange] = useState<Change>(asSent);
  const replay = useReplay();
  const set = (part: Change) => { setChange({ ...change, ...part }); replay.reset(); };
  const clean: Change = Object.fromEntries(Object.entries(change).filter(([, v]) => v?.trim()));
  const run = (isDry: boolean) => replay.mutate({ subject, change: clean, isDry }, {
    onSuccess: (result) => { if (!isDry) onDone(`Replayed ${count(result.tried, "letter")}: ${outcomeOf(result, false)}`, isWhole(result)); },
  });
  const isDry = replay.variables?.isDry ?? true;
  const isOne = subject.size === 1;
  return (
    <form className={styles.mend} aria-label="Replay" onSubmit={(e) => { e.preventDefault(); run(true); }}>
      <p className={styles.quiet}>{isOne ? "As it is" : "As they are"}, once a mapping or table was mended; or changed on the way. What is stored keeps the identity of the record that was received, so nothing is stored twice.</p>
      <div className={styles.pair}>
        <Field label="Send to table">
          <Input size="small" list="letter-tables" value={change.setTable ?? ""} placeholder="as it was sent" onChange={(_, d) => set({ setTable: d.value })} />
        </Field>
        <Field label="Read as">
          <Dropdown size="small" style={{ minWidth: 0 }} value={formats.find(([f]) => f === change.setFormat)?.[1] ?? "as it was sent"} selectedOptions={[change.setFormat ?? ""]} onOptionSelect={(_, d) => set({ setFormat: d.optionValue ?? "" })}>
            <Option value="">as it was sent</Option>
            {formats.map(([value, name]) => <Option key={value} value={value}>{name}</Option>)}
          </Dropdown>
        </Field>
      </div>
      <datalist id="letter-tables">{tables.map((t) => <option key={t} value={t} />)}</datalist>
      <Field label="Change with KQL" hint="Over RawData, Format and TargetTable of each letter. A letter that where leaves out stays as it is.">
        <Textarea size="small" className={styles.kql} rows={3} spellCheck={false} value={change.edit ?? ""} placeholder={edits[0]![1]} onChange={(_, d) => set({ edit: d.value })} />
      </Field>
      <p className={styles.examples}>Begin with: {edits.map(([name, text]) => <button key={name} type="button" onClick={() => set({ edit: text })}>{name}</button>)}</p>
      <div className={styles.send}>
        <Button size="small" type="submit" disabled={replay.isPending}>{replay.isPending && isDry ? "Trying…" : "Try, store nothing"}</Button>
        <Button size="small" appearance="primary" disabled={replay.isPending} onClick={() => run(false)}>{replay.isPending && !isDry ? "Replaying…" : `Replay ${isOne ? "it" : count(subject.size, "letter")}`}</Button>
      </div>
      {replay.error && <Failure size="line" problem={problemOf(replay.error)} />}
      {replay.data && <Notice tone={isWhole(replay.data) ? "good" : "warn"}><Outcome result={replay.data} isDry={isDry} /></Notice>}
    </form>
  );
}
