import { Button, Tab, TabList } from "@fluentui/react-components";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { problemOf } from "../../api/client";
import { mayAdminister, mayContribute, useSession } from "../../api/session";
import { size } from "../../lib/visible";
import { count } from "../../lib/words";
import { useActions } from "../../ui/Actions";
import { Failure } from "../../ui/Failure";
import { Notice } from "../../ui/Notice";
import { PageHeader } from "../../ui/PageHeader";
import { Skeletons } from "../../ui/Skeletons";
import { lastDeletions, stoppedText } from "./model";
import { DeletionTable } from "./parts/DeletionTable";
import { Disk } from "./parts/Disk";
import { Holds } from "./parts/Holds";
import { HoldPanel } from "./parts/HoldPanel";
import { ReleasePanel } from "./parts/ReleasePanel";
import styles from "./parts/Retention.module.css";
import { TableList } from "./parts/TableList";
import { useDeletions, useHolds, useStock } from "./queries";
import { formatRetention, parseRetention, type RetentionView, type Tab as TabName } from "./url";

/** What is kept, how long and at what size; what is held all the same; what was deleted. */
export default function RetentionPage() {
  const session = useSession();
  const navigate = useNavigate();
  const view = parseRetention(useSearch({ from: "/retention" }));
  const setView = (change: Partial<RetentionView>) => void navigate({ to: "/retention", search: formatRetention({ ...view, ...change }), replace: true });
  const stock = useStock();
  const holds = useHolds();
  const deletions = useDeletions();
  const [isSetting, setSetting] = useState(false);
  const [releasing, setReleasing] = useState("");
  const [said, setSaid] = useState("");
  const search = useRef<HTMLInputElement>(null);
  const list = holds.data?.items ?? [];
  const standing = list.filter((h) => !h.releasedAt).length;
  const maySet = mayContribute(session);
  const hold = list.find((h) => h.id === releasing);
  useActions({
    "retention.tables": () => setView({ tab: "tables" }),
    "retention.holds": () => setView({ tab: "holds" }),
    "retention.deletions": () => setView({ tab: "deletions" }),
    "retention.hold": maySet ? () => setSetting(true) : undefined,
    "retention.search": view.tab === "tables" ? () => search.current?.focus() : undefined,
    "retention.close": view.hold && view.tab === "holds" ? () => setView({ hold: "" }) : undefined,
  });
  const shown = { tables: stock, holds, deletions }[view.tab];
  const retry = { label: "Try again", onClick: () => void shown.refetch() };
  const s = stock.data;
  const rows = s?.tables.reduce((sum, t) => sum + t.rows, 0) ?? 0;
  return (
    <>
      <PageHeader title="Retention" actions={maySet && <Button size="small" appearance="primary" onClick={() => setSetting(true)}>Set a hold…</Button>}>
        {s && <span><b>{rows.toLocaleString("en-US")}</b> rows in {count(s.tables.length, "table")}, <b>{size(s.fileBytes)}</b> on disk</span>}
      </PageHeader>
      {s?.stopped && <div className={styles.line}><Notice tone="bad"><b>The intake is stopped.</b> {stoppedText(s)}</Notice></div>}
      {said && <div className={styles.line}><Notice tone="good" onDismiss={() => setSaid("")}>{said}</Notice></div>}
      {s && <Disk stock={s} standing={standing} />}
      <div className={styles.tabs}>
        <TabList size="small" selectedValue={view.tab} onTabSelect={(_, d) => setView({ tab: d.value as TabName })} aria-label="What to show">
          <Tab value="tables">Tables{s && <span className={styles.number}>{s.tables.length}</span>}</Tab>
          <Tab value="holds">Holds{holds.data && <span className={styles.number}>{standing}</span>}</Tab>
          <Tab value="deletions">What was deleted</Tab>
        </TabList>
      </div>
      {shown.error && shown.data && <div className={styles.line}><Failure size="line" problem={problemOf(shown.error)} action={retry} /></div>}
      {!shown.data && (shown.error ? <Failure problem={problemOf(shown.error)} action={retry} /> : <Skeletons rows={10} label="Loading" />)}
      {view.tab === "tables" && s && <TableList stock={s} last={lastDeletions(deletions.data?.items ?? [])} view={view} onView={setView} search={search} />}
      {view.tab === "holds" && holds.data && <Holds holds={list} view={view} onView={setView} maySet={maySet} mayRelease={mayAdminister(session)} onSet={() => setSetting(true)} onRelease={setReleasing} />}
      {view.tab === "deletions" && deletions.data && <DeletionTable deletions={deletions.data.items} />}
      {isSetting && <HoldPanel onClose={() => setSetting(false)} onDone={(set) => { setSetting(false); setSaid(`The hold ${set.id} stands: nothing it keeps is deleted from now on.`); setView({ tab: "holds", hold: set.id }); }} />}
      {hold && <ReleasePanel hold={hold} onClose={() => setReleasing("")} onDone={() => { setReleasing(""); setSaid(`The hold ${hold.id} is released. What only it kept goes with the next run of retention once its time has passed.`); }} />}
    </>
  );
}
