import { Button } from "@fluentui/react-components";
import { CopyRegular, DismissRegular } from "@fluentui/react-icons";
import { useState } from "react";
import type { Column } from "../api/types.gen";
import { JsonTree } from "../ui/JsonTree";
import { cellText, type Row } from "./gridModel";
import styles from "./RecordPane.module.css";

interface Props { columns: Column[]; row: Row; number: number; current: number; onColumn: (column: number) => void; onCopy: (text: string, what: string) => void; onClose: () => void }

/** One record, field under field; dynamic values open as trees. Empty fields are left out until asked for. */
export function RecordPane({ columns, row, number, current, onColumn, onCopy, onClose }: Props) {
  const [isAll, setAll] = useState(false);
  const fields = columns.map((column, i) => ({ column, i, text: cellText(row[i]) }));
  const shown = fields.filter((f) => isAll || f.text !== "" || f.i === current);
  const json = () => JSON.stringify(Object.fromEntries(fields.map((f) => [f.column.name, row[f.i] ?? null])), null, 2);
  return (
    <aside className={styles.pane} aria-label={`Record ${number}`}>
      <header className={styles.head}>
        <h2>Record {number}</h2>
        <Button size="small" appearance="subtle" icon={<CopyRegular />} onClick={() => onCopy(json(), "Record")}>Copy as JSON</Button>
        <Button size="small" appearance="subtle" icon={<DismissRegular />} aria-label="Close record" onClick={onClose} />
      </header>
      <dl className={styles.fields}>
        {shown.map(({ column, i, text }) => (
          <div key={column.name + i} data-current={i === current || undefined} onClick={() => onColumn(i)}>
            <dt title={column.type}>{column.name}<button type="button" className={styles.copy} aria-label={`Copy ${column.name}`} title="Copy" onClick={() => onCopy(text, column.name)}><CopyRegular /></button></dt>
            <dd><Field type={column.type} value={row[i] ?? null} text={text} /></dd>
          </div>
        ))}
      </dl>
      {fields.length > shown.length && <Button size="small" appearance="transparent" onClick={() => setAll(true)}>Show {fields.length - shown.length} empty fields</Button>}
    </aside>
  );
}

function Field({ type, value, text }: { type: string; value: Row[number]; text: string }) {
  if (text === "") return <span className={styles.empty}>{value === null ? "null" : "empty"}</span>;
  const parsed = type === "dynamic" ? tree(value) : null;
  return parsed ? <JsonTree value={parsed} /> : <>{text}</>;
}

/** A dynamic value that is an object or an array, also when it came as JSON text. */
function tree(value: Row[number]): Row[number] & object | null {
  if (value !== null && typeof value === "object") return value;
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return null;
  try {
    return JSON.parse(value) as Row[number] & object;
  } catch {
    return null;
  }
}
