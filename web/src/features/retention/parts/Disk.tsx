import type { ReactNode } from "react";
import type { Stock } from "../../../api/types.gen";
import { size } from "../../../lib/visible";
import styles from "./Retention.module.css";

/** The state of the store and its disk in four figures. */
export function Disk({ stock: s, standing }: { stock: Stock; standing: number }) {
  const used = s.tables.reduce((sum, t) => sum + t.bytes, 0);
  return (
    <dl className={styles.disk} aria-label="Store and disk">
      <Figure name="Tables take" value={size(used)} note={s.maxBytes > 0 ? `of at most ${size(s.maxBytes)}` : "no bound for the whole store"}>{s.maxBytes > 0 && <Meter share={used / s.maxBytes} />}</Figure>
      <Figure name="File on disk" value={size(s.fileBytes)} note={s.spareBytes > 0 ? `${size(s.spareBytes)} of it free for new rows` : "no free space inside"} />
      <Figure name="Free on the disk" value={s.diskFree < 0 ? "not known" : size(s.diskFree)} tone={s.stopped ? "bad" : s.diskFree >= 0 && s.diskFree < 2 * s.minFree ? "warn" : undefined} note={s.minFree > 0 ? `the intake stops below ${size(s.minFree)}` : "no mark at which the intake stops"} />
      <Figure name="Holds that stand" value={standing.toLocaleString("en-US")} note="what they keep is not deleted" />
    </dl>
  );
}

function Figure({ name, value, note, tone, children }: { name: string; value: string; note: string; tone?: "warn" | "bad" | undefined; children?: ReactNode }) {
  return <div data-tone={tone}><dt>{name}</dt><dd><b>{value}</b><span>{note}</span>{children}</dd></div>;
}

/** How full a bound is. */
export function Meter({ share }: { share: number }) {
  return <span className={styles.meter} data-full={share > 0.9 || undefined} role="img" aria-label={`${Math.round(100 * share)} % of the bound`}><i style={{ width: `${Math.min(100, 100 * share)}%` }} /></span>;
}
