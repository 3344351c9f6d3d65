import { CheckmarkCircleRegular, FilterDismissRegular } from "@fluentui/react-icons";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo, useRef, useState } from "react";
import { problemOf } from "../../api/client";
import { mayRespond, useSession } from "../../api/session";
import { useActions } from "../../ui/Actions";
import { Empty } from "../../ui/Empty";
import { Failure } from "../../ui/Failure";
import { PageHeader } from "../../ui/PageHeader";
import { Skeletons } from "../../ui/Skeletons";
import { useSay } from "../../ui/Toasts";
import { BulkBar } from "./parts/BulkBar";
import { Counts } from "./parts/Counts";
import { Filters } from "./parts/Filters";
import { Queue } from "./parts/Queue";
import { useHeldRows } from "./parts/useHeldRows";
import { useRecentlyChanged } from "./parts/useRecentlyChanged";
import { useSelection } from "../../ui/useSelection";
import { useBulkChange, useQueue, useUsers } from "./queries";
import { defaultView, formatView, parseView, type QueueView } from "./url";

/** The incident queue: where an analyst's day starts. */
export default function IncidentsPage() {
  const session = useSession();
  const navigate = useNavigate();
  const view = parseView(useSearch({ from: "/incidents" }));
  const setView = (next: QueueView) => void navigate({ to: "/incidents", search: formatView(next), replace: true });
  const queue = useQueue(view, session.user);
  const users = useUsers().data ?? [];
  const fresh = useMemo(() => queue.data?.pages.flatMap((page) => page.items) ?? [], [queue.data]);
  const first = queue.data?.pages[0];
  const [isOver, setOver] = useState(false);
  const [hasSettled, setSettled] = useState(false); // what stood in the cache is not held: the first answer replaces it
  if (!hasSettled && first && !queue.isFetching) setSettled(true);
  const { rows, waiting, release } = useHeldRows(fresh, isOver && hasSettled, JSON.stringify(view) + String(queue.isPlaceholderData));
  const selection = useSelection(rows);
  const selected = rows.filter((row) => selection.ids.has(row.id));
  const changed = useRecentlyChanged();
  const search = useRef<HTMLInputElement>(null);
  const assign = useBulkChange();
  const say = useSay();
  const current = rows[selection.current];
  const canChange = mayRespond(session);
  const open = (number: number) => void navigate({ to: "/incidents/$number", params: { number: String(number) } });
  const assignMe = () => {
    const targets = selected.length ? selected : current ? [current] : [];
    if (!targets.length) return;
    assign.mutate({ incidents: targets, change: { owner: session.user } }, {
      onSuccess: ({ changed: n, failures }) => failures.length ? say(problemOf(failures[0]!.error).message, "error") : say(n === 1 ? `Incident ${targets[0]!.id} assigned to you` : `${n} incidents assigned to you`),
    });
  };
  useActions({
    "queue.next": () => selection.move(1),
    "queue.previous": () => selection.move(-1),
    "queue.search": () => search.current?.focus(),
    "queue.open": current && (() => open(current.id)),
    "queue.select": canChange && current ? (() => selection.toggle(selection.current, false)) : undefined,
    "queue.assignMe": canChange && current ? assignMe : undefined,
    "queue.clear": selected.length ? selection.clear : undefined,
  });
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = queue;
  const onEnd = useCallback(() => { if (hasNextPage && !isFetchingNextPage) void fetchNextPage(); }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  const isFiltered = Object.values(formatView({ ...view, sort: defaultView.sort })).some((v) => v !== undefined);
  return (
    <>
      <PageHeader title="Incidents">{first && <Counts counts={first.counts} view={view} onView={setView} />}</PageHeader>
      {selected.length > 0 && canChange
        ? <BulkBar incidents={selected} users={users} onClear={selection.clear} />
        : <Filters view={view} onView={setView} users={users} tags={fresh.flatMap((i) => i.tags)} search={search} />}
      {queue.isError && first && <div style={{ padding: "0 16px 8px" }}><Failure size="line" problem={problemOf(queue.error)} action={{ label: "Try again", onClick: () => void queue.refetch() }} /></div>}
      {!first && (queue.isError ? <Failure problem={problemOf(queue.error)} action={{ label: "Try again", onClick: () => void queue.refetch() }} /> : <Skeletons rows={14} label="Loading incidents" />)}
      {first && rows.length > 0 && (
        <Queue
          rows={rows} total={first.total} isLeast={first.totalIsLeast} waiting={waiting} onRelease={release} onHover={setOver} sort={view.sort} onSort={(sort) => setView({ ...view, sort })}
          selection={selection} canSelect={canChange} changed={changed} onEnd={onEnd}
        />
      )}
      {first && rows.length === 0 && (isFiltered
        ? <Empty icon={<FilterDismissRegular />} title="No incident fits these filters" action={{ label: "Reset filters", onClick: () => setView(defaultView) }}>Remove a filter, or look at closed incidents too.</Empty>
        : <Empty icon={<CheckmarkCircleRegular />} title="Nothing is waiting" action={{ label: "Show closed incidents", onClick: () => setView({ ...defaultView, status: [] }) }}>No incident is new or active. The next one appears here by itself.</Empty>)}
    </>
  );
}
