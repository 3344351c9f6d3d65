import { FilterDismissRegular, ShieldTaskRegular } from "@fluentui/react-icons";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { problemOf } from "../../api/client";
import { count } from "../../lib/words";
import { DelayedSearch } from "../../ui/DelayedSearch";
import { Empty } from "../../ui/Empty";
import { Failure } from "../../ui/Failure";
import { FilterMenu } from "../../ui/FilterMenu";
import { PageHeader } from "../../ui/PageHeader";
import { Skeletons } from "../../ui/Skeletons";
import { RulePane } from "./parts/RulePane";
import { RuleTable } from "./parts/RuleTable";
import styles from "./parts/Rules.module.css";
import { useRules } from "./queries";
import { formatRules, parseRules, type RulesView } from "./url";

const states = [["on", "On"], ["paused", "Paused"], ["rejected", "Rejected"]] as const;
const kinds = [["sigma", "Sigma"], ["scheduled", "Scheduled"], ["nrt", "NRT"]] as const;

/** The detection rules and their health. */
export default function DetectionsPage() {
  const navigate = useNavigate();
  const view = parseRules(useSearch({ from: "/detections" }));
  const setView = (change: Partial<RulesView>) => void navigate({ to: "/detections", search: formatRules({ ...view, ...change }), replace: true });
  const query = useRules(view);
  const first = query.data?.pages[0];
  const rules = useMemo(() => query.data?.pages.flatMap((p) => p.items) ?? [], [query.data]);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const onEnd = useCallback(() => { if (hasNextPage && !isFetchingNextPage) void fetchNextPage(); }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  const isFiltered = view.q !== "" || view.state !== "" || view.kind !== "";
  return (
    <>
      <PageHeader title="Detections">{first && <span><b>{first.on.toLocaleString("en-US")}</b> on{first.off > 0 && <>, <b>{first.off.toLocaleString("en-US")}</b> paused or rejected</>}</span>}</PageHeader>
      <div className={styles.filters} role="search">
        <DelayedSearch value={view.q} onChange={(q) => setView({ q })} label="Search rules" placeholder="Search title or technique" width={280} />
        <FilterMenu name="State" values={view.state ? [view.state] : []} options={[...states]} onChange={([state = ""]) => setView({ state })} />
        <FilterMenu name="Kind" values={view.kind ? [view.kind] : []} options={[...kinds]} onChange={([kind = ""]) => setView({ kind })} />
      </div>
      <div className={styles.split}>
        <div className={styles.frame}>
          {!first && (query.error ? <Failure problem={problemOf(query.error)} action={{ label: "Try again", onClick: () => void query.refetch() }} /> : <Skeletons rows={14} label="Loading rules" />)}
          {first && rules.length > 0 && <RuleTable rules={rules} total={first.total} chosen={view.rule} onChoose={(rule) => setView({ rule })} onEnd={onEnd} />}
          {first && rules.length === 0 && (isFiltered
            ? <Empty icon={<FilterDismissRegular />} title="No rule fits these filters" action={{ label: "Reset filters", onClick: () => setView({ q: "", state: "", kind: "" }) }} />
            : <Empty icon={<ShieldTaskRegular />} title="No detection rule is loaded">Put Sigma or Sentinel rules into the content folder that Tocsin was started with; they load by themselves.</Empty>)}
          {first && rules.length > 0 && <div className={styles.foot}>{rules.length < first.total ? `${rules.length} of ${count(first.total, "rule")}` : count(first.total, "rule")}</div>}
        </div>
        {view.rule && <RulePane key={view.rule} id={view.rule} onClose={() => setView({ rule: "" })} />}
      </div>
    </>
  );
}
