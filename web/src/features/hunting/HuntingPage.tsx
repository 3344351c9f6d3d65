import { useNavigate, useRouterState, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from "react";
import { loadHistory, remember, saveHistory } from "../../kql/history";
import { formatHunt, parseHunt, type TimeRange } from "../../kql/link";
import { statementAt } from "../../kql/statements";
import type { EditorHandle } from "../../kql/Editor";
import { copyText } from "../../lib/clipboard";
import { useActions } from "../../ui/Actions";
import { Skeletons } from "../../ui/Skeletons";
import { Splitter } from "../../ui/Splitter";
import { useIsDark } from "../../ui/useIsDark";
import { useSay } from "../../ui/Toasts";
import { Outcome } from "./parts/Outcome";
import { Problems } from "./parts/Problems";
import { SchemaTree } from "./parts/SchemaTree";
import { Toolbar } from "./parts/Toolbar";
import styles from "./parts/Hunting.module.css";
import { useCheck, useRun, useSchema } from "./queries";

const Editor = lazy(() => import("../../kql/Editor"));
const draftKey = "tocsin.draft";

/** The hunting page: KQL in, rows out. */
export default function HuntingPage() {
  const search = useSearch({ from: "/hunting" });
  const navigate = useNavigate();
  const isToRun = useRouterState({ select: (s) => s.location.state.run === true });
  const asked = useMemo(() => parseHunt(search), [search]);
  const [initial] = useState(() => asked.query || (sessionStorage.getItem(draftKey) ?? ""));
  const [text, setText] = useState(initial);
  const [cursor, setCursor] = useState(0);
  const [range, setRange] = useState<TimeRange>(asked.range);
  const [history, setHistory] = useState(() => loadHistory(sessionStorage));
  const editor = useRef<EditorHandle>(null);
  const schema = useSchema();
  const isDark = useIsDark();
  const say = useSay();
  const { run, start, cancel } = useRun((ended) => {
    const past = { query: ended.statement.text, range: ended.range, at: ended.startedAt, rows: ended.result?.tables[0]?.rowCount ?? null, tookMs: ended.result?.tookMs ?? 0, failed: ended.state === "failed" };
    setHistory((list) => {
      const next = remember(list, past);
      saveHistory(sessionStorage, next);
      return next;
    });
  });
  const diagnostics = useCheck(useMemo(() => statementAt(text, cursor), [text, cursor]), range);
  useEffect(() => { document.title = "Hunting · Tocsin"; }, []);
  useEffect(() => { sessionStorage.setItem(draftKey, text); }, [text]);

  // A link followed while this page is open (from an incident in the same window, or Back) brings its query along.
  const shown = useRef(asked.query);
  useEffect(() => {
    if (asked.query && asked.query !== shown.current) editor.current?.replace(asked.query);
    shown.current = asked.query;
  }, [asked]);

  const runNow = (bounds = range) => {
    const statement = editor.current?.current();
    if (!statement) return;
    shown.current = text;
    void navigate({ to: "/hunting", search: formatHunt({ query: text, range: bounds }), replace: true });
    start(statement, bounds);
  };
  const copyLink = async () => {
    const address = new URLSearchParams(Object.entries(formatHunt({ query: text, range })).filter((p): p is [string, string] => !!p[1]));
    say(await copyText(`${location.origin}/hunting?${address}`) ? "Link copied" : "The browser did not let us copy", "info");
  };
  const isRunning = run?.state === "running";
  useActions({
    "hunting.run": () => runNow(),
    "hunting.cancel": isRunning ? cancel : undefined,
    "hunting.format": () => editor.current?.format(),
    "hunting.copyLink": () => void copyLink(),
  });
  const lineOf = (offset: number) => {
    const before = text.slice(0, offset).split("\n");
    return `${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
  };
  const jump = (offset: number) => editor.current?.jump(offset);
  const workbench = (
    <Splitter
      name="query and results" direction="rows" initial={260} min={90} max={700}
      first={<>
        <div className={styles.editor}>
          <Suspense fallback={<Skeletons rows={4} label="Loading the editor" />}>
            <Editor ref={editor} initial={initial} schema={schema.data} isDark={isDark} diagnostics={diagnostics} onChange={setText} onMove={setCursor} onRun={() => runNow()} onReady={() => { if (isToRun) runNow(); }} />
          </Suspense>
        </div>
        <Problems list={diagnostics} lineOf={lineOf} onJump={jump} />
      </>}
      second={<Outcome run={run} isDark={isDark} lineOf={lineOf} onJump={jump} onCancel={cancel} onAgain={() => run && start(run.statement, run.range)} onExample={(query) => editor.current?.replace(query)} />}
    />
  );
  return (
    <>
      <h1 className="visuallyHidden">Hunting</h1>
      <Toolbar
        range={range} onRange={setRange} isRunning={isRunning} canRun={text.trim() !== ""} history={history} onRun={() => runNow()} onCancel={cancel} onFormat={() => editor.current?.format()} onCopyLink={() => void copyLink()}
        onPast={(past) => { setRange(past.range); editor.current?.replace(past.query); }}
      />
      <div className={styles.page}>
        <Splitter
          name="schema" direction="columns" initial={232} min={140} max={520}
          first={<SchemaTree schema={schema.data} error={schema.error} onRetry={() => void schema.refetch()} onInsert={(name) => editor.current?.insert(name)} />}
          second={workbench}
        />
      </div>
    </>
  );
}
