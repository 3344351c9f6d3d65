import { Button, Spinner } from "@fluentui/react-components";
import { BookSearchRegular, DismissCircleRegular } from "@fluentui/react-icons";
import { span } from "../../../lib/time";
import { Empty } from "../../../ui/Empty";
import { Failure } from "../../../ui/Failure";
import { useNow } from "../../../ui/When";
import type { Run } from "../queries";
import { Problems } from "./Problems";
import { Results } from "./Results";
import styles from "./Hunting.module.css";

interface Props { run: Run | null; isDark: boolean; lineOf: (offset: number) => string; onJump: (offset: number) => void; onCancel: () => void; onAgain: () => void; onExample: (query: string) => void }

const examples = [
  "SecurityIncident\n| summarize arg_max(TimeGenerated, *) by IncidentNumber\n| where Status != \"Closed\"",
  "SecurityAlert\n| summarize count() by AlertName\n| top 20 by count_",
];

/** What came of the run: nothing yet, running, rows, errors with their place, or a failure. */
export function Outcome({ run, isDark, lineOf, onJump, onCancel, onAgain, onExample }: Props) {
  const now = useNow();
  if (!run) {
    return (
      <div className={styles.outcome}>
        <Empty icon={<BookSearchRegular />} title="Write a query and press Shift+Enter">Blank lines separate queries; the one at the cursor runs. Or start from one of these:</Empty>
        <div className={styles.examples}>{examples.map((e) => <button key={e} type="button" className={styles.example} onClick={() => onExample(e)}><code>{e}</code></button>)}</div>
      </div>
    );
  }
  if (run.state === "running") return <div className={styles.running} role="status"><Spinner size="tiny" label={`Running${now - run.startedAt > 5_000 ? ` for ${span(now - run.startedAt)}` : "…"}`} /><Button size="small" onClick={onCancel}>Cancel</Button></div>;
  if (run.state === "cancelled") return <Empty icon={<DismissCircleRegular />} title="Cancelled" action={{ label: "Run again", onClick: onAgain }} />;
  if (run.problem) return <Failure problem={run.problem} action={{ label: "Run again", onClick: onAgain }} />;
  if (run.state === "failed") {
    return (
      <div className={styles.refused} role="alert">
        <p><b>The query was not run.</b> {run.errors.length === 1 ? "It has an error:" : `It has ${run.errors.length} errors:`}</p>
        <Problems list={run.errors} lineOf={lineOf} onJump={onJump} />
      </div>
    );
  }
  return <Results key={run.startedAt} result={run.result!} isDark={isDark} />;
}
