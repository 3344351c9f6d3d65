import { Button } from "@fluentui/react-components";
import { FilterDismissRegular, MailCheckmarkRegular } from "@fluentui/react-icons";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo, useRef, useState } from "react";
import { problemOf } from "../../api/client";
import { mayContribute, useSession } from "../../api/session";
import { count, words } from "../../lib/words";
import { useActions } from "../../ui/Actions";
import { Empty } from "../../ui/Empty";
import { Failure } from "../../ui/Failure";
import { Notice } from "../../ui/Notice";
import { PageHeader } from "../../ui/PageHeader";
import { Skeletons } from "../../ui/Skeletons";
import { useSelection } from "../../ui/useSelection";
import { newestFirst, type Subject } from "./model";
import { DiscardPanel } from "./parts/DiscardPanel";
import { Filters } from "./parts/Filters";
import { GroupTable } from "./parts/GroupTable";
import { LetterPane } from "./parts/LetterPane";
import { LetterTable } from "./parts/LetterTable";
import styles from "./parts/Letters.module.css";
import { ReplayPanel } from "./parts/ReplayPanel";
import { useGroups, useLetters } from "./queries";
import { defaultView, formatLetters, parseLetters, queryOf, type LettersView } from "./url";

/** What could not become events: why, and what is done about it. */
export default function LettersPage() {
  const session = useSession();
  const navigate = useNavigate();
  const view = parseLetters(useSearch({ from: "/dead-letters" }));
  const setView = (change: Partial<LettersView>) => void navigate({ to: "/dead-letters", search: formatLetters({ ...view, ...change }), replace: true });
  const groups = useGroups(view);
  const list = useLetters(view);
  const first = list.data?.pages[0];
  const letters = useMemo(() => list.data?.pages.flatMap((p) => p.items) ?? [], [list.data]);
  const sorted = useMemo(() => newestFirst(groups.data?.items ?? []), [groups.data]);
  const chosen = sorted.find((g) => g.reason === view.kind && (g.table || "-") === view.table && g.source === view.of);
  const total = view.kind ? (chosen?.count ?? 0) : (groups.data?.total ?? 0);
  const selection = useSelection(letters);
  const selected = letters.filter((l) => selection.ids.has(l.id));
  const [asked, setAsked] = useState<{ to: "replay" | "discard"; subject: Subject } | null>(null);
  const [said, setSaid] = useState<{ text: string; isGood: boolean } | null>(null);
  const grid = useRef<HTMLDivElement>(null);
  const search = useRef<HTMLInputElement>(null);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list;
  const onEnd = useCallback(() => { if (hasNextPage && !isFetchingNextPage) void fetchNextPage(); }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  const isOpen = view.state === "open" || view.state === "all";
  const mayAct = mayContribute(session);
  const open = selected.filter((l) => l.state === "open");
  const subject: Subject = open.length ? { ids: open.map((l) => l.id), query: {}, size: open.length } : { query: queryOf(view, true, Date.now()), size: total };
  const canAct = mayAct && isOpen && (open.length > 0 || (selected.length === 0 && total > 0));
  const ask = (to: "replay" | "discard") => setAsked({ to, subject });
  const done = (text: string, isGood: boolean) => { setSaid({ text, isGood }); selection.clear(); };
  const current = letters[selection.current];
  const step = (by: number) => {
    selection.move(by);
    grid.current?.focus(); // or Enter would press the button that was clicked before
    const next = letters[Math.min(Math.max(letters.findIndex((l) => l.id === current?.id) + by, 0), letters.length - 1)];
    if (view.letter && next) setView({ letter: next.id });
  };
  useActions({
    "letters.next": () => step(1),
    "letters.previous": () => step(-1),
    "letters.open": current && (() => setView({ letter: current.id })),
    "letters.select": mayAct && current ? () => selection.toggle(selection.current, false) : undefined,
    "letters.replay": canAct ? () => ask("replay") : undefined,
    "letters.discard": canAct ? () => ask("discard") : undefined,
    "letters.search": () => search.current?.focus(),
    "letters.close": view.letter ? () => setView({ letter: "" }) : selected.length ? selection.clear : undefined,
  });
  const isFiltered = Object.entries(formatLetters({ ...view, letter: "" })).some(([, v]) => v !== undefined);
  const retry = { label: "Try again", onClick: () => { void list.refetch(); void groups.refetch(); } };
  const error = list.error ?? groups.error;
  const about = open.length ? `${count(open.length, "letter")}` : total === 1 ? "the letter" : `all ${total.toLocaleString("en-US")}`;
  return (
    <>
      <PageHeader title="Dead letters">{groups.data && <span><b>{groups.data.total.toLocaleString("en-US")}</b> {view.state === "all" ? "in all" : view.state === "discarded" ? "discarded" : view.state}{sorted.length > 1 && ` in ${count(sorted.length, "group")}`}</span>}</PageHeader>
      <Filters view={view} onView={setView} search={search} />
      {said && <div className={styles.line}><Notice tone={said.isGood ? "good" : "warn"} onDismiss={() => setSaid(null)}>{said.text}</Notice></div>}
      {error && first && <div className={styles.line}><Failure size="line" problem={problemOf(error)} action={retry} /></div>}
      {(!first || !groups.data) && (error ? <Failure problem={problemOf(error)} action={retry} /> : <Skeletons rows={12} label="Loading dead letters" />)}
      {first && groups.data && sorted.length === 0 && (isFiltered
        ? <Empty icon={<FilterDismissRegular />} title="No letter fits these filters" action={{ label: "Reset filters", onClick: () => setView(defaultView) }} />
        : <Empty icon={<MailCheckmarkRegular />} title="No dead letters" action={{ label: "Show those dealt with", onClick: () => setView({ state: "all" }) }}>Every record that was received became an event, or was dealt with. One that cannot become an event appears here with the reason; none is ever dropped.</Empty>)}
      {first && groups.data && sorted.length > 0 && (
        <div className={styles.split}>
          <div className={styles.column}>
            <GroupTable groups={sorted} view={view} onView={setView} />
            <section className={styles.letters} aria-label="Letters">
              <div className={styles.bar}>
                <h2>{view.kind ? "Letters with this reason" : "All letters"}</h2>
                {view.kind && <Button size="small" appearance="subtle" onClick={() => setView({ kind: "", table: "", of: "" })}>Show all</Button>}
                <span className={styles.acts}>
                  {selected.length > 0 && <><span>{count(selected.length, "letter")} selected</span><Button size="small" appearance="subtle" onClick={selection.clear}>Clear</Button></>}
                  {mayAct && isOpen && <><Button size="small" appearance="primary" disabled={!canAct} onClick={() => ask("replay")}>Replay {about}…</Button><Button size="small" disabled={!canAct} onClick={() => ask("discard")}>Discard {about}…</Button></>}
                  {!mayAct && isOpen && <span className={styles.quiet}>Replaying and discarding need the role Contributor; you are {words(session.role)}.</span>}
                </span>
              </div>
              {letters.length > 0
                ? <LetterTable letters={letters} total={total} selection={selection} canSelect={mayAct} chosen={view.letter} onChoose={(letter) => setView({ letter })} onEnd={onEnd} scroll={grid} />
                : <Empty icon={<MailCheckmarkRegular />} title="None of these is left" action={{ label: "Show all letters", onClick: () => setView({ kind: "", table: "", of: "" }) }} />}
            </section>
          </div>
          {view.letter && <LetterPane key={view.letter} id={view.letter} mayAct={mayAct} onClose={() => setView({ letter: "" })} onDone={done} onDiscard={(id) => setAsked({ to: "discard", subject: { ids: [id], query: {}, size: 1 } })} />}
        </div>
      )}
      {asked?.to === "replay" && <ReplayPanel subject={asked.subject} onDone={done} onClose={() => setAsked(null)} />}
      {asked?.to === "discard" && <DiscardPanel subject={asked.subject} onDone={done} onClose={() => setAsked(null)} />}
    </>
  );
}
