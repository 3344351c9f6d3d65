import { Button, Menu, MenuButton, MenuItem, MenuList, MenuPopover, MenuTrigger, Tab, TabList } from "@fluentui/react-components";
import { ArrowDownloadRegular, ChartMultipleRegular, CopyRegular, FilterRegular, PanelRightRegular, TableRegular } from "@fluentui/react-icons";
import { lazy, Suspense, useMemo, useState } from "react";
import type { QueryResult } from "../../../api/types.gen";
import { planChart } from "../../../kql/chartModel";
import { arrange, cellText, type Row, type Sort } from "../../../kql/gridModel";
import { RecordPane } from "../../../kql/RecordPane";
import { ResultGrid, type Cell } from "../../../kql/ResultGrid";
import { copyText, saveFile } from "../../../lib/clipboard";
import { toCsv } from "../../../lib/csv";
import { count } from "../../../lib/words";
import { Empty } from "../../../ui/Empty";
import { useSay } from "../../../ui/Toasts";
import styles from "./Hunting.module.css";

const Chart = lazy(() => import("../../../kql/Chart"));

/** The result of a query: chart and tables. Keyed by run, so that each result starts afresh. */
export function Results({ result, isDark }: { result: QueryResult; isDark: boolean }) {
  const plan = useMemo(() => (result.render && result.tables[0] ? planChart(result.tables[0], result.render) : ""), [result]);
  const hasChart = typeof plan === "object";
  const [tab, setTab] = useState(hasChart ? "chart" : "0");
  const [sort, setSort] = useState<Sort | null>(null);
  const [filters, setFilters] = useState<Record<number, string> | null>(null);
  const [cell, setCell] = useState<Cell | null>(null);
  const [isRecordOpen, setRecordOpen] = useState(false);
  const say = useSay();
  const table = result.tables[Number(tab)] ?? null;
  const order = useMemo(() => (table ? arrange(table.columns, table.rows as Row[], filters ?? {}, sort) : []), [table, filters, sort]);
  const row = table && cell ? (table.rows[order[cell.row] ?? -1] as Row | undefined) : undefined;
  const show = (next: string) => { setTab(next); setSort(null); setFilters(null); setCell(null); };
  const copy = (text: string, what: string) => void copyText(text).then((done) => say(done ? `${what} copied` : "The browser did not let us copy", "info"));
  const csv = () => table && saveFile("tocsin-result.csv", "text/csv", toCsv(table.columns.map((c) => c.name), order.map((i) => (table.rows[i] as Row).map(cellText))));
  const text = (i: number) => (order.length < (table?.rows.length ?? 0) ? `${order.length.toLocaleString("en-US")} of ${count(i, "row")}` : count(i, "row"));
  return (
    <>
      <div className={styles.resultBar}>
        <TabList size="small" selectedValue={tab} onTabSelect={(_, d) => show(String(d.value))}>
          {hasChart && <Tab value="chart" icon={<ChartMultipleRegular />}>Chart</Tab>}
          {result.tables.map((t, i) => <Tab key={i} value={String(i)} icon={<TableRegular />}>{result.tables.length > 1 ? t.name || `Table ${i + 1}` : "Table"}</Tab>)}
        </TabList>
        <span className={styles.figures} role="status">
          {table && text(table.rowCount)}{table && " · "}{took(result.tookMs)}
        </span>
        {table?.truncated && <span className={styles.cut}>The limit of {count(table.rowCount, "row")} cut this result. Narrow the query or the time range.</span>}
        {typeof plan === "string" && plan && <span className={styles.cut}>{plan}</span>}
        <span className={styles.grow} />
        {table && table.rows.length > 0 && (
          <>
            <Button size="small" appearance={filters ? "outline" : "subtle"} icon={<FilterRegular />} aria-pressed={!!filters} onClick={() => setFilters(filters ? null : {})}>Filter</Button>
            <Menu>
              <MenuTrigger disableButtonEnhancement><MenuButton size="small" appearance="subtle" icon={<CopyRegular />} disabled={!row}>Copy</MenuButton></MenuTrigger>
              <MenuPopover><MenuList>
                <MenuItem secondaryContent="Ctrl+C" onClick={() => row && copy(cellText(row[cell!.column]), "Cell")}>Cell</MenuItem>
                <MenuItem onClick={() => row && copy(row.map(cellText).join("\t"), "Row")}>Row</MenuItem>
                <MenuItem onClick={() => table && row && copy(`${table.columns.map((c) => c.name).join("\t")}\n${row.map(cellText).join("\t")}`, "Row with names")}>Row with column names</MenuItem>
              </MenuList></MenuPopover>
            </Menu>
            <Button size="small" appearance={isRecordOpen ? "outline" : "subtle"} icon={<PanelRightRegular />} disabled={!row} aria-pressed={isRecordOpen} onClick={() => setRecordOpen(!isRecordOpen)}>Record</Button>
            <Button size="small" appearance="subtle" icon={<ArrowDownloadRegular />} onClick={csv}>CSV</Button>
          </>
        )}
      </div>
      <div className={styles.resultBody}>
        {tab === "chart" && hasChart && <Suspense fallback={<span />}><Chart plan={plan} isDark={isDark} /></Suspense>}
        {table && table.rows.length === 0 && <Empty icon={<TableRegular />} title="The query found nothing">It ran without error. Widen the time range, or check the values it compares with.</Empty>}
        {table && table.rows.length > 0 && (
          <ResultGrid key={tab} table={table} order={order} sort={sort} onSort={setSort} filters={filters} onFilters={setFilters} cell={cell} onCell={setCell} onOpen={() => setRecordOpen(true)} />
        )}
        {table && row && isRecordOpen && (
          <RecordPane columns={table.columns} row={row} number={cell!.row + 1} current={cell!.column} onColumn={(column) => setCell({ row: cell!.row, column })} onCopy={copy} onClose={() => setRecordOpen(false)} />
        )}
      </div>
    </>
  );
}

/** Says how long a query took. */
const took = (ms: number) => (ms < 1000 ? `${ms.toFixed(ms < 10 ? 1 : 0)} ms` : `${(ms / 1000).toFixed(2)} s`);
