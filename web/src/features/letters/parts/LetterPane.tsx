import { Button } from "@fluentui/react-components";
import { DismissRegular, WarningRegular } from "@fluentui/react-icons";
import { Link } from "@tanstack/react-router";
import { problemOf } from "../../../api/client";
import type { DeadLetter } from "../../../api/types.gen";
import { formatHunt } from "../../../kql/link";
import { utc } from "../../../lib/time";
import { size } from "../../../lib/visible";
import { Failure } from "../../../ui/Failure";
import { Skeletons } from "../../../ui/Skeletons";
import { formatName, historyOf, reasonParts } from "../model";
import { useLetter } from "../queries";
import { LetterState } from "./LetterState";
import styles from "./Letters.module.css";
import { Mend } from "./Mend";
import { RecordView } from "./RecordView";

interface Props { id: string; mayAct: boolean; onClose: () => void; onDone: (text: string, isGood: boolean) => void; onDiscard: (id: string) => void }

/** One letter: why it is here, the record as it came, where from, what happened to it, and what can be done. */
export function LetterPane({ id, mayAct, onClose, onDone, onDiscard }: Props) {
  const letter = useLetter(id);
  return (
    <aside className={styles.pane} aria-label="Letter">
      <Button className={styles.close} size="small" appearance="subtle" icon={<DismissRegular />} aria-label="Close letter" onClick={onClose} />
      {letter.data
        ? <Content letter={letter.data} mayAct={mayAct} onDone={onDone} onDiscard={onDiscard} />
        : letter.error ? <Failure problem={problemOf(letter.error)} action={{ label: "Try again", onClick: () => void letter.refetch() }} /> : <Skeletons rows={10} label="Loading the letter" />}
    </aside>
  );
}

function Content({ letter: l, mayAct, onDone, onDiscard }: { letter: DeadLetter } & Pick<Props, "mayAct" | "onDone" | "onDiscard">) {
  const { wrong, mend } = reasonParts(l.reason);
  const hunt = formatHunt({ query: `DeadLetters\n| where _EventId == ${JSON.stringify(l.id)}`, range: { preset: "all" } });
  return (
    <>
      <h2 className={styles.name}><LetterState state={l.state} /> <span className={styles.quiet}>letter</span> <code>{l.id.slice(0, 12)}</code></h2>
      <div className={styles.why}><WarningRegular aria-hidden="true" /><div><p>{wrong}</p>{mend && <p className={styles.advice}>{mend}</p>}</div></div>
      <dl className={styles.facts} aria-label="Where it came from">
        <div><dt>Source</dt><dd><code>{l.source}</code></dd></div>
        {l.sender && <div><dt>Sender</dt><dd><code>{l.sender}</code></dd></div>}
        {l.position && <div><dt>Position</dt><dd><code>{l.position}</code></dd></div>}
        <div><dt>Received</dt><dd>{utc(l.receivedAt)}</dd></div>
        <div><dt>Read as</dt><dd>{formatName(l.format)}</dd></div>
        <div><dt>Sent to</dt><dd>{l.table || <span className={styles.quiet}>no table; its shape was to decide</span>}</dd></div>
        <div><dt>Length</dt><dd>{size(l.rawLength)}{l.isTruncated && "; only this beginning was kept, so it cannot be replayed"}</dd></div>
      </dl>
      <RecordView letter={l} />
      {l.state === "open" && mayAct && !l.isTruncated && <><h3 className={styles.heading}>Replay</h3><Mend subject={{ ids: [l.id], query: {}, size: 1 }} onDone={onDone} /></>}
      <h3 className={styles.heading}>What happened to it</h3>
      <ol className={styles.history}>
        {historyOf(l).map((s) => <li key={s.text}>{s.at ? <time dateTime={s.at}>{utc(s.at)}</time> : <span />}<span>{s.text}{s.detail && <em>{s.detail}</em>}</span></li>)}
      </ol>
      <p className={styles.last}>
        {l.state === "open" && mayAct && <Button size="small" onClick={() => onDiscard(l.id)}>Discard it…</Button>}
        <Link to="/hunting" search={hunt} state={{ run: true }}>Look at it in hunting</Link>
      </p>
    </>
  );
}
