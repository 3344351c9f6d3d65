import { Tab, TabList } from "@fluentui/react-components";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { ApiError, problemOf } from "../../api/client";
import { mayRespond, useSession } from "../../api/session";
import type { IncidentChange, IncidentDetail } from "../../api/types.gen";
import { copyText } from "../../lib/clipboard";
import { useActions } from "../../ui/Actions";
import { Failure } from "../../ui/Failure";
import { Skeletons } from "../../ui/Skeletons";
import { useSay } from "../../ui/Toasts";
import type { Focus } from "./focus";
import styles from "./IncidentPage.module.css";
import { since, toMarkdown } from "./model";
import { Activity } from "./parts/Activity";
import { Conflict } from "./parts/Conflict";
import { Entities } from "./parts/Entities";
import { Header } from "./parts/Header";
import { ManagePanel } from "./parts/ManagePanel";
import { Merged } from "./parts/Merged";
import { Story } from "./parts/Story";
import { useChange, useIncident, useUsers } from "./queries";

/** One incident: what happened, to whom, and what was done about it. */
export default function IncidentPage() {
  const { number } = useParams({ from: "/incidents/$number" });
  const incident = useIncident(Number(number));
  const navigate = useNavigate();
  const queue = { label: "Go to the queue", onClick: () => void navigate({ to: "/incidents" }) };
  if (incident.data) return <Loaded key={number} incident={incident.data} failure={incident.error} onRetry={() => void incident.refetch()} />;
  if (!incident.error) return <Skeletons rows={16} label={`Loading incident ${number}`} />;
  const isGone = incident.error instanceof ApiError && incident.error.problem.kind === "not_found";
  return <Failure problem={problemOf(incident.error)} action={isGone ? queue : { label: "Try again", onClick: () => void incident.refetch() }} />;
}

function Loaded({ incident, failure, onRetry }: { incident: IncidentDetail; failure: Error | null; onRetry: () => void }) {
  const session = useSession();
  const navigate = useNavigate();
  const say = useSay();
  const users = useUsers().data ?? [];
  const canChange = mayRespond(session) && incident.status !== "redirected";
  const [focus, setFocus] = useState<Focus>(null);
  const [panel, setPanel] = useState<"manage" | "close" | null>(null);
  const [pane, setPane] = useState("activity");
  const composer = useRef<HTMLTextAreaElement>(null);
  const save = useChange(incident.id);
  const [stale, setStale] = useState(0); // the version a refused quick change was based on; 0 for none
  const change = (what: Omit<IncidentChange, "version">) => save.mutate({ ...what, version: incident.version }, {
    onError: (error) => { if (error instanceof ApiError && error.problem.kind === "conflict") { setStale(incident.version); onRetry(); } },
  });
  useEffect(() => { document.title = `${incident.id} ${incident.title} · Tocsin`; }, [incident.id, incident.title]);
  const copy = async (text: string, what: string) => say(await copyText(text) ? `${what} copied` : "The browser did not let us copy", "info");
  const link = `${location.origin}/incidents/${incident.id}`;
  useActions({
    "incident.assignMe": canChange && incident.owner !== session.user ? () => change({ owner: session.user }) : undefined,
    "incident.comment": mayRespond(session) ? () => { setPane("activity"); setTimeout(() => composer.current?.focus()); } : undefined,
    "incident.manage": canChange ? () => setPanel("manage") : undefined,
    "incident.close": canChange && incident.status !== "closed" ? () => setPanel("close") : undefined,
    "incident.copyLink": () => void copy(link, "Link"),
    "incident.copyMarkdown": () => void copy(toMarkdown(incident, link), "Markdown summary"),
    "incident.back": () => void navigate({ to: "/incidents" }),
  });
  const isStale = stale > 0 && save.isError;
  return (
    <>
      <Header incident={incident} users={users} me={session.user} canChange={canChange} onChange={change} />
      {incident.status === "redirected" && <Merged into={incident.mergedInto} />}
      {failure && <div className={styles.note}><Failure size="line" problem={problemOf(failure)} action={{ label: "Try again", onClick: onRetry }} /></div>}
      {save.error && <div className={styles.note}>{isStale
        ? <Conflict entries={since(incident.timeline, stale)} onReload={() => { setStale(0); save.reset(); }} />
        : <Failure size="line" problem={problemOf(save.error)} action={{ label: "Dismiss", onClick: () => save.reset() }} />}</div>}
      <div className={styles.panes} data-pane={pane}>
        <div className={styles.story}><Story alerts={incident.alerts} focus={focus} onFocus={setFocus} /></div>
        <TabList className={styles.tabs} size="small" selectedValue={pane} onTabSelect={(_, d) => setPane(String(d.value))}>
          <Tab value="activity">Activity</Tab><Tab value="entities">Entities</Tab>
        </TabList>
        <div className={styles.entities}><Entities entities={incident.entities} alerts={incident.alerts} focus={focus} onFocus={setFocus} /></div>
        <div className={styles.activity}><Activity number={incident.id} timeline={incident.timeline} canComment={mayRespond(session)} composer={composer} /></div>
      </div>
      {panel && <ManagePanel incident={incident} users={users} me={session.user} closing={panel === "close"} onDone={() => setPanel(null)} />}
    </>
  );
}
