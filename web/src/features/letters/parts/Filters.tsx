import { Button } from "@fluentui/react-components";
import type { RefObject } from "react";
import { DelayedSearch } from "../../../ui/DelayedSearch";
import { FilterMenu } from "../../../ui/FilterMenu";
import { useLetterSources } from "../queries";
import { defaultView, formatLetters, type LettersView } from "../url";
import styles from "./Letters.module.css";

const states = [["open", "Open"], ["replayed", "Replayed"], ["discarded", "Discarded"], ["all", "All"]] as const;
const stretches = [["1h", "last hour"], ["24h", "last 24 hours"], ["7d", "last 7 days"], ["30d", "last 30 days"]] as const;

interface Props { view: LettersView; onView: (change: Partial<LettersView>) => void; search: RefObject<HTMLInputElement | null> }

export function Filters({ view, onView, search }: Props) {
  const known = useLetterSources();
  const sources = [...new Set([...known, ...(view.source ? [view.source] : [])])].sort();
  const set = (change: Partial<LettersView>) => onView({ kind: "", table: "", of: "", ...change });
  const isDefault = Object.values(formatLetters({ ...view, letter: "", kind: "", table: "", of: "" })).every((v) => v === undefined);
  return (
    <div className={styles.filters} role="search">
      <DelayedSearch value={view.q} onChange={(q) => set({ q })} inner={search} label="Search reasons" placeholder="Search the reason" width={240} />
      <FilterMenu name="State" values={[view.state]} options={[...states]} onChange={([state = "all"]) => set({ state })} />
      <FilterMenu name="Source" values={view.source ? [view.source] : []} options={sources.map((s) => [s, s] as const)} onChange={([source = ""]) => set({ source })} />
      <FilterMenu name="Received" values={view.since ? [view.since] : []} options={[...stretches]} onChange={([since = ""]) => set({ since })} />
      {!isDefault && <Button size="small" appearance="subtle" onClick={() => onView({ ...defaultView, letter: view.letter })}>Reset filters</Button>}
    </div>
  );
}
