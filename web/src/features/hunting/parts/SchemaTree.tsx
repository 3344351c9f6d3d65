import { SearchBox } from "@fluentui/react-components";
import { MathFormulaRegular, TableRegular } from "@fluentui/react-icons";
import { useMemo, useState } from "react";
import { problemOf } from "../../../api/client";
import type { Schema, SchemaTable } from "../../../api/types.gen";
import { Failure } from "../../../ui/Failure";
import { Skeletons } from "../../../ui/Skeletons";
import { insertable, searchSchema } from "../model";
import styles from "./SchemaTree.module.css";

interface Props { schema: Schema | undefined; error: Error | null; onRetry: () => void; onInsert: (text: string) => void }

/** Tables, columns and functions that can be queried; a double click or Enter puts the name into the query. */
export function SchemaTree({ schema, error, onRetry, onInsert }: Props) {
  const [text, setText] = useState("");
  const found = useMemo(() => schema && searchSchema(schema, text), [schema, text]);
  return (
    <section className={styles.tree} aria-label="Schema">
      <div className={styles.search}><SearchBox size="small" placeholder="Tables and columns" aria-label="Search the schema" value={text} onChange={(_, d) => setText(d.value)} /></div>
      {error && !schema && <Failure size="line" problem={problemOf(error)} action={{ label: "Try again", onClick: onRetry }} />}
      {!error && !schema && <Skeletons rows={10} label="Loading the schema" />}
      {found && (
        <div className={styles.list}>
          {found.tables.map((table) => <TableNode key={table.name} table={table} isOpen={text.trim() !== "" && found.tables.length <= 5} onInsert={onInsert} />)}
          {found.functions.length > 0 && <h3 className={styles.group}>Functions</h3>}
          {found.functions.map((f) => <Leaf key={f.name} icon={<MathFormulaRegular />} name={f.name} note={f.parameters} title={`${f.name}${f.parameters}\n${f.body}`} onInsert={() => onInsert(`${insertable(f.name)}()`)} />)}
          {found.tables.length + found.functions.length === 0 && <p className={styles.none}>{text ? "Nothing is called so." : "No table has been created yet."}</p>}
        </div>
      )}
    </section>
  );
}

function TableNode({ table, isOpen, onInsert }: { table: SchemaTable; isOpen: boolean; onInsert: (text: string) => void }) {
  const [wasOpened, setOpened] = useState(false); // there are hundreds of tables: columns are made when looked at
  return (
    <details className={styles.table} open={isOpen || undefined} onToggle={(e) => { if (e.currentTarget.open) setOpened(true); }}>
      <summary title={`${table.name}: ${table.description}\nDouble-click inserts the name`} onDoubleClick={(e) => { e.preventDefault(); onInsert(insertable(table.name)); }} onKeyDown={(e) => { if (e.key === "Enter") { e.preventDefault(); onInsert(insertable(table.name)); } }}>
        <TableRegular aria-hidden="true" /><span>{table.name}</span>
      </summary>
      {(wasOpened || isOpen) && table.columns.map((c) => <Leaf key={c.name} name={c.name} note={c.type} title={`${c.name}: ${c.type}`} onInsert={() => onInsert(insertable(c.name))} />)}
    </details>
  );
}

function Leaf({ icon, name, note, title, onInsert }: { icon?: React.ReactNode; name: string; note: string; title: string; onInsert: () => void }) {
  return (
    <button type="button" className={styles.leaf} title={`${title}\nDouble-click inserts the name`} onDoubleClick={onInsert} onKeyDown={(e) => { if (e.key === "Enter") { e.preventDefault(); onInsert(); } }}>
      {icon}<span className={styles.name}>{name}</span><span className={styles.note}>{note}</span>
    </button>
  );
}
