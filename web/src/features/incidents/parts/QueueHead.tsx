import { Checkbox } from "@fluentui/react-components";
import { ArrowDownRegular, ArrowUpRegular } from "@fluentui/react-icons";
import styles from "./Queue.module.css";

const columns: { name: string; sort?: string; hint?: string; className?: string | undefined; align?: "right" }[] = [
  { name: "Severity", sort: "severity" }, { name: "Number", sort: "id" }, { name: "Incident" }, { name: "Status" }, { name: "Owner" }, { name: "Entities" },
  { name: "Tactics", className: styles.tactics }, { name: "Alerts", hint: "Active of all", align: "right" }, { name: "Activity", hint: "Last activity in the telemetry", align: "right" },
  { name: "Created", sort: "createdAt", align: "right", className: styles.created }, { name: "Updated", sort: "updatedAt", align: "right" },
];

interface Props { sort: string; onSort: (sort: string) => void; selection: boolean | "mixed"; onSelectAll: ((all: boolean) => void) | undefined }

export function QueueHead({ sort, onSort, selection, onSelectAll }: Props) {
  const field = sort.replace(/^-/, "");
  const isDescending = sort.startsWith("-");
  return (
    <div role="row" aria-rowindex={1} className={styles.head}>
      <span role="columnheader" className={styles.check}>{onSelectAll && <Checkbox checked={selection} onChange={(_, d) => onSelectAll(d.checked === true)} aria-label="Select all incidents shown" />}</span>
      {columns.map((c) => (
        <span key={c.name} role="columnheader" title={c.hint} className={`${c.align ? styles.right : ""} ${c.className ?? ""}`} aria-sort={c.sort !== field ? undefined : isDescending ? "descending" : "ascending"}>
          {c.sort
            ? <button type="button" className={styles.sort} onClick={() => onSort(c.sort === field && isDescending ? c.sort! : `-${c.sort}`)}>{c.name}{c.sort === field && (isDescending ? <ArrowDownRegular /> : <ArrowUpRegular />)}</button>
            : c.name}
        </span>
      ))}
    </div>
  );
}
