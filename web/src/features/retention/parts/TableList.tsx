import { ArrowDownRegular, ArrowUpRegular, FilterDismissRegular, TableRegular } from "@fluentui/react-icons";
import { Link } from "@tanstack/react-router";
import type { RefObject } from "react";
import type { Stock, TableStock } from "../../../api/types.gen";
import { formatHunt } from "../../../kql/link";
import { day, utc } from "../../../lib/time";
import { size } from "../../../lib/visible";
import { count } from "../../../lib/words";
import { DelayedSearch } from "../../../ui/DelayedSearch";
import { Empty } from "../../../ui/Empty";
import { When } from "../../../ui/When";
import { arranged, keptText, nextToGo } from "../model";
import type { RetentionView } from "../url";
import { Meter } from "./Disk";
import styles from "./Retention.module.css";

interface Props { stock: Stock; last: Map<string, { at: string; rows: number; held: number }>; view: RetentionView; onView: (change: Partial<RetentionView>) => void; search: RefObject<HTMLInputElement | null> }

const columns: { name: string; sort?: string; hint?: string; left?: boolean; wide?: boolean; wider?: boolean }[] = [
  { name: "Table", sort: "name", left: true }, { name: "Rows", sort: "rows" }, { name: "Size", sort: "bytes", hint: "Whole blocks of the file; what came in the last minutes may still lie in its log" },
  { name: "Oldest event", sort: "oldest", wider: true }, { name: "Newest event", sort: "newest", wider: true }, { name: "Kept", hint: "From the receipt on", left: true }, { name: "Bound of size", left: true, wide: true },
  { name: "Next to go", sort: "next", hint: "When the rows that came first have been kept long enough" }, { name: "Last deleted", left: true },
];

/** Every table that has rows: how much of it is there, how long it stays, what went last. */
export function TableList({ stock, last, view, onView, search }: Props) {
  const tables = arranged(stock.tables, view.q, view.sort);
  const most = Math.max(...stock.tables.map((t) => t.bytes), 1);
  const field = view.sort.replace(/^-/, "");
  if (stock.tables.length === 0) return <Empty icon={<TableRegular />} title="Nothing is stored yet">Tables appear here with their first row.</Empty>;
  return (
    <>
      <div className={styles.filters} role="search"><DelayedSearch value={view.q} onChange={(q) => onView({ q })} inner={search} label="Search tables" placeholder="Search tables" width={240} /><span className={styles.quiet}>Retention runs at the start and every six hours. What is kept is set in the file of <code>serve --retention</code>.</span></div>
      {tables.length === 0
        ? <Empty icon={<FilterDismissRegular />} title="No table has this in its name" action={{ label: "Show all tables", onClick: () => onView({ q: "" }) }} />
        : (
          <div className={styles.frame} tabIndex={0} role="region" aria-label="Tables">
            <table className={styles.table}>
              <thead>
                <tr>
                  {columns.map((c) => (
                    <th key={c.name} scope="col" title={c.hint} className={`${c.left ? styles.left : ""} ${c.wide ? styles.wide : c.wider ? styles.wider : ""}`} aria-sort={c.sort === field ? (view.sort.startsWith("-") ? "descending" : "ascending") : undefined}>
                      {c.sort ? <button type="button" onClick={() => onView({ sort: view.sort === `-${c.sort}` ? c.sort! : `-${c.sort}` })}>{c.name}{c.sort === field && (view.sort.startsWith("-") ? <ArrowDownRegular /> : <ArrowUpRegular />)}</button> : c.name}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>{tables.map((t) => <Row key={t.name} table={t} most={most} last={last.get(t.name)} />)}</tbody>
            </table>
          </div>
        )}
      <div className={styles.foot}>{count(tables.length, "table")}, measured <When at={stock.measuredAt} suffix /></div>
    </>
  );
}

function Row({ table: t, most, last }: { table: TableStock; most: number; last: { at: string; rows: number; held: number } | undefined }) {
  const next = nextToGo(t);
  const hunt = formatHunt({ query: `${t.name}\n| take 100`, range: { preset: "all" } });
  const isDue = next !== null && next < Date.now();
  return (
    <tr>
      <th scope="row"><Link to="/hunting" search={hunt} state={{ run: true }}>{t.name}</Link>{t.isUndeclared && <span className={styles.note} title="No file declares this table any more: its rows are kept, also by size.">no longer declared</span>}</th>
      <td>{t.rows.toLocaleString("en-US")}</td>
      <td className={styles.sized}><span className={styles.share} aria-hidden="true"><i style={{ width: `${(100 * t.bytes) / most}%` }} /></span><span className={styles.amount}>{t.bytes === 0 ? <span className={styles.quiet} title="Still in the log of the file">in the log</span> : size(t.bytes)}</span></td>
      <td className={styles.wider}><Moment at={t.oldest} /></td>
      <td className={styles.wider}><Moment at={t.newest} /></td>
      <td className={styles.left}>{keptText(t.keepDays)}{t.keepDays !== t.declaredDays && !t.isUndeclared && <span className={styles.note} title={`The table's file says ${keptText(t.declaredDays)}; the retention file says otherwise.`}>not {keptText(t.declaredDays)}</span>}</td>
      <td className={`${styles.left} ${styles.wide}`}>{t.maxBytes > 0 ? <>{size(t.maxBytes)}<Meter share={t.bytes / t.maxBytes} /></> : <span className={styles.quiet}>none</span>}</td>
      <td>{next === null ? <span className={styles.quiet}>never</span> : isDue ? "with the next run" : <When at={new Date(next).toISOString()} />}</td>
      <td className={styles.left}>{last ? <><When at={last.at} suffix />: {count(last.rows, "row")}{last.held > 0 && <span className={styles.note}>{last.held.toLocaleString("en-US")} held back</span>}</> : <span className={styles.quiet}>nothing</span>}</td>
    </tr>
  );
}

const Moment = ({ at }: { at: string | null }) => (at ? <time dateTime={at} title={utc(at)}>{day(at)} <span className={styles.quiet}>{utc(at).slice(11, 16)}</span></time> : <span className={styles.quiet}>–</span>);
