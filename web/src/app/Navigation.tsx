import { ArchiveRegular, BookSearchRegular, DatabaseRegular, MailDismissRegular, ShieldErrorRegular, ShieldTaskRegular } from "@fluentui/react-icons";
import { Link } from "@tanstack/react-router";
import styles from "./Navigation.module.css";

/** What analysts work with, then what looks after the telemetry. */
const pages = [
  [
    { to: "/incidents", name: "Incidents", icon: <ShieldErrorRegular /> },
    { to: "/hunting", name: "Hunting", icon: <BookSearchRegular /> },
    { to: "/detections", name: "Detections", icon: <ShieldTaskRegular /> },
  ],
  [
    { to: "/sources", name: "Sources", icon: <DatabaseRegular /> },
    { to: "/dead-letters", name: "Dead letters", icon: <MailDismissRegular /> },
    { to: "/retention", name: "Retention", icon: <ArchiveRegular /> },
  ],
] as const;

export function Navigation() {
  return (
    <nav className={styles.nav} aria-label="Pages">
      {pages.map((group) => (
        <div key={group[0].to} className={styles.group}>
          {group.map((page) => (
            <Link key={page.to} to={page.to} className={styles.link} activeProps={{ className: `${styles.link} ${styles.active}` }}>
              <span className={styles.icon} aria-hidden="true">{page.icon}</span>{page.name}
            </Link>
          ))}
        </div>
      ))}
    </nav>
  );
}
