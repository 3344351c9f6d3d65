import { CheckmarkCircleRegular, ErrorCircleRegular } from "@fluentui/react-icons";
import { Link } from "@tanstack/react-router";
import type { Source } from "../../../api/types.gen";
import { formatHunt } from "../../../kql/link";
import { When } from "../../../ui/When";
import { bars, missing, notes, shares, totals } from "../model";
import styles from "./Sources.module.css";

const say = (n: number) => n.toLocaleString("en-US");
const names = { stored: "stored", duplicates: "duplicates", deadLettered: "dead letters", filtered: "filtered" };

/** One line per source: received = stored + duplicates + dead letters + filtered, and whether it holds. */
export function SourceTable({ sources }: { sources: Source[] }) {
  return (
    <table className={styles.table}>
      <thead>
        <tr><th>Source</th><th>Last 24 hours</th><th>Received</th><th aria-label="equals" className={styles.sign}>=</th><th>Stored</th><th className={styles.sign} aria-label="plus">+</th><th>Duplicates</th><th className={styles.sign} aria-label="plus">+</th><th>Dead letters</th><th className={styles.sign} aria-label="plus">+</th><th>Filtered</th><th>Balance</th><th>Rows</th><th>Last record</th></tr>
      </thead>
      <tbody>{sources.map((s) => <Line key={s.id} source={s} />)}</tbody>
      {sources.length > 1 && <tfoot><Line source={totals(sources)} /></tfoot>}
    </table>
  );
}

function Line({ source: s }: { source: Source }) {
  const open = s.deadLettered - s.replayed - s.discarded;
  return (
    <tr data-balanced={s.balanced}>
      <th scope="row">
        {s.id ? <code>{s.id}</code> : "All sources"}
        {s.id && <span className={styles.bar} aria-hidden="true" title={shares(s).map((p) => names[p.name]).join(", ")}>{shares(s).map((p) => <i key={p.name} data-part={p.name} style={{ width: `${p.percent}%` }} />)}</span>}
        {s.id && <Notes source={s} />}
      </th>
      <td><Hours hours={s.hours} /></td>
      <td>{say(s.received)}</td><td className={styles.sign} />
      <td>{say(s.stored)}</td><td className={styles.sign} />
      <td>{say(s.duplicates)}</td><td className={styles.sign} />
      <td>{s.deadLettered > 0 && s.id ? <Link to="/dead-letters" search={{ source: s.id, state: open > 0 ? undefined : "all" }} title={`${say(open)} open, ${say(s.replayed)} replayed, ${say(s.discarded)} discarded`}>{say(s.deadLettered)}</Link> : say(s.deadLettered)}</td><td className={styles.sign} />
      <td>{say(s.filtered)}</td>
      <td><Balance source={s} /></td>
      <td>{say(s.rows)}</td>
      <td><When at={s.lastAt} suffix /></td>
    </tr>
  );
}

function Notes({ source }: { source: Source }) {
  const list = notes(source, Date.now());
  if (list.length === 0) return null;
  return (
    <span className={styles.notes}>
      {list.map((n) => (
        <span key={n.text} data-tone={n.tone} title={n.title}>
          {n.query ? <Link to="/hunting" search={formatHunt({ query: n.query, range: { preset: "all" } })} state={{ run: true }}>{n.text}</Link> : n.text}
        </span>
      ))}
    </span>
  );
}

/** A bar for every hour, the current one at the right. */
function Hours({ hours }: { hours: number[] }) {
  if (hours.length === 0) return null;
  const sum = hours.reduce((a, b) => a + b, 0);
  return <span className={styles.hours} role="img" aria-label={`${say(sum)} records in the last ${hours.length} hours`} title={`${say(sum)} records; the highest hour has ${say(Math.max(...hours))}`}>{bars(hours).map((height, i) => <i key={i} style={{ height: `${height}%` }} />)}</span>;
}

function Balance({ source }: { source: Source }) {
  if (source.balanced) return <span className={styles.good}><CheckmarkCircleRegular aria-hidden="true" />balanced</span>;
  const n = missing(source);
  return <span className={styles.bad}><ErrorCircleRegular aria-hidden="true" />{n === 0 ? "not balanced" : n > 0 ? `${say(n)} missing` : `${say(-n)} too many`}</span>;
}
