import { Button } from "@fluentui/react-components";
import { CopyRegular, DismissRegular, WarningRegular } from "@fluentui/react-icons";
import { problemOf } from "../../../api/client";
import type { RuleDetail } from "../../../api/types.gen";
import { copyText } from "../../../lib/clipboard";
import { count, ruleKindName, tacticName } from "../../../lib/words";
import { Chip } from "../../../ui/Chip";
import { Failure } from "../../../ui/Failure";
import { Severity } from "../../../ui/Severity";
import { Skeletons } from "../../../ui/Skeletons";
import { useSay } from "../../../ui/Toasts";
import { useRule } from "../queries";
import { RuleState } from "./RuleState";
import { Runs } from "./Runs";
import styles from "./Rules.module.css";

/** One rule: what it looks for, how it fares, and its source. */
export function RulePane({ id, onClose }: { id: string; onClose: () => void }) {
  const rule = useRule(id);
  return (
    <aside className={styles.pane} aria-label="Rule">
      <Button className={styles.close} size="small" appearance="subtle" icon={<DismissRegular />} aria-label="Close rule" onClick={onClose} />
      {rule.data ? <Content rule={rule.data} /> : rule.error ? <Failure problem={problemOf(rule.error)} action={{ label: "Try again", onClick: () => void rule.refetch() }} /> : <Skeletons rows={10} label="Loading the rule" />}
    </aside>
  );
}

function Content({ rule: r }: { rule: RuleDetail }) {
  const say = useSay();
  const copy = async () => say(await copyText(r.source) ? "Source copied" : "The browser did not let us copy", "info");
  return (
    <>
      <h2 className={styles.name}>{r.title}</h2>
      <p className={styles.facts}><RuleState state={r.state} /><Severity level={r.severity} /><span>{ruleKindName(r.kind)}</span>{r.author && <span>by {r.author}</span>}<span>{count(r.alerts, "alert")} so far</span></p>
      {r.reason && <p className={styles.reason} role="note"><WarningRegular aria-hidden="true" /><span>{r.reason}</span></p>}
      <p className={styles.chips}>{r.tactics.map((t) => <Chip key={t}>{tacticName(t)}</Chip>)}{r.techniques.map((t) => <Chip key={t} kind="code">{t}</Chip>)}</p>
      <p className={styles.description}>{r.description || "The author gave no description."}</p>
      <dl className={styles.ids}><div><dt>Id</dt><dd><code>{r.id}</code></dd></div><div><dt>File</dt><dd><code>{r.path}</code></dd></div></dl>
      {r.kind !== "sigma" && <Runs runs={r.runs} state={r.state} />}
      <h3 className={styles.heading}>Source<Button size="small" appearance="subtle" icon={<CopyRegular />} onClick={() => void copy()}>Copy</Button></h3>
      <pre className={styles.source} tabIndex={0}>{r.source}</pre>
    </>
  );
}
