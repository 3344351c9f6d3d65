import styles from "./JsonTree.module.css";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A JSON value as a tree that opens and closes; leaves are plain text. */
export function JsonTree({ value, open = 2 }: { value: Json; open?: number }) {
  if (value === null || typeof value !== "object") return <span className={styles.leaf} data-type={value === null ? "null" : typeof value}>{typeof value === "string" ? value : String(value)}</span>;
  const entries = Object.entries(value);
  if (entries.length === 0) return <span className={styles.leaf}>{Array.isArray(value) ? "[ ]" : "{ }"}</span>;
  return (
    <ul className={styles.tree}>
      {entries.map(([name, child]) => (
        <li key={name}>
          {child !== null && typeof child === "object" && Object.keys(child).length > 0
            ? <details open={open > 0}><summary><span className={styles.name}>{name}</span> <span className={styles.size}>{Array.isArray(child) ? `[${child.length}]` : `{${Object.keys(child).length}}`}</span></summary><JsonTree value={child} open={open - 1} /></details>
            : <><span className={styles.name}>{name}</span> <JsonTree value={child} /></>}
        </li>
      ))}
    </ul>
  );
}
