import styles from "./Status.module.css";

/** A state as a shape and a word: new ●, active ◐, closed ✓, redirected →. */
export function Status({ state, label }: { state: "new" | "active" | "closed" | "redirected"; label?: string }) {
  return (
    <span className={styles.status} data-state={state}>
      <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">{shapes[state]}</svg>
      {label ?? names[state]}
    </span>
  );
}

const names = { new: "New", active: "Active", closed: "Closed", redirected: "Merged" };

const shapes = {
  new: <circle cx="6" cy="6" r="4.5" fill="currentColor" />,
  active: <><circle cx="6" cy="6" r="4.25" fill="none" stroke="currentColor" strokeWidth="1.5" /><path d="M6 1.500a4.500 4.500 0 0 1 0 9z" fill="currentColor" /></>,
  closed: <path d="M2.200 6.400 5 9.100l4.900-6" fill="none" stroke="currentColor" strokeWidth="1.600" strokeLinecap="round" strokeLinejoin="round" />,
  redirected: <path d="M1.500 6h8M6.600 2.800 9.800 6 6.600 9.200" fill="none" stroke="currentColor" strokeWidth="1.500" strokeLinecap="round" />,
};
