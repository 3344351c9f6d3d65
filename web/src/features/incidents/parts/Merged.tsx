import { Link } from "@tanstack/react-router";
import styles from "./Conflict.module.css";

/** Says that an incident was merged away, and where its alerts are now. */
export function Merged({ into }: { into: number }) {
  return (
    <p className={styles.conflict} style={{ margin: "10px 16px 0" }}>
      This incident was merged. Its alerts and entities are in <Link to="/incidents/$number" params={{ number: String(into) }}>incident {into}</Link>.
    </p>
  );
}
