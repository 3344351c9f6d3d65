import { DatabaseRegular } from "@fluentui/react-icons";
import { problemOf } from "../../api/client";
import { count } from "../../lib/words";
import { Empty } from "../../ui/Empty";
import { Failure } from "../../ui/Failure";
import { PageHeader } from "../../ui/PageHeader";
import { Skeletons } from "../../ui/Skeletons";
import { RefusedTable } from "./parts/RefusedTable";
import { SourceTable } from "./parts/SourceTable";
import styles from "./parts/Sources.module.css";
import { useSources } from "./queries";

/** Where telemetry comes from, and the proof that none of it was lost. */
export default function SourcesPage() {
  const query = useSources();
  const list = query.data?.items;
  const off = list?.filter((s) => !s.balanced).length ?? 0;
  const retry = { label: "Try again", onClick: () => void query.refetch() };
  return (
    <>
      <PageHeader title="Sources">{list && list.length > 0 && <span>{count(list.length, "source")}{off > 0 ? `, ${off} out of balance` : ", all balanced"}</span>}</PageHeader>
      {query.error && list && <div className={styles.lead}><Failure size="line" problem={problemOf(query.error)} action={retry} /></div>}
      {query.data?.stopped && <div className={styles.lead}><Failure size="line" problem={{ message: query.data.stopped, requestId: "" }} /></div>}
      {!list && (query.error ? <Failure problem={problemOf(query.error)} action={retry} /> : <Skeletons rows={6} label="Loading sources" />)}
      {list?.length === 0 && <Empty icon={<DatabaseRegular />} title="No source has sent anything yet">Point a shipper you already run at Tocsin: syslog, Splunk HEC, Elastic _bulk, OpenTelemetry, or JSON lines to POST /api/v1/ingest. docs/connect has a configuration to copy for each.</Empty>}
      {list && list.length > 0 && (
        <>
          <p className={styles.lead}>Every record that was received is stored, a repeat of one stored before, a dead letter with its reason, or filtered by a named rule. A line that does not add up is a defect of ours.</p>
          <div className={styles.frame}><SourceTable sources={list} /></div>
        </>
      )}
      {(query.data?.refused.length ?? 0) > 0 && <RefusedTable refused={query.data?.refused ?? []} />}
    </>
  );
}
