import styles from "./Keys.module.css";

/** Key caps for a shortcut written as "Ctrl+K" or "g i" (one after the other). */
export function Keys({ keys }: { keys: string }) {
  return (
    <span className={styles.keys}>
      {keys.split(/[+ ]/).map((key, i) => <kbd key={`${key}${i}`}>{keys.includes("+") && key.length === 1 ? key.toUpperCase() : key}</kbd>)}
    </span>
  );
}
