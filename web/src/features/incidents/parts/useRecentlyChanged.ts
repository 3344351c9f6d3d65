import { useState } from "react";
import { useChanges } from "../../../api/live";

const shownMillis = 5_000;

/** The incidents that changed in the last seconds. */
export function useRecentlyChanged(): ReadonlySet<number> {
  const [ids, setIds] = useState<ReadonlySet<number>>(new Set());
  useChanges(({ kind, incidentId }) => {
    if (kind !== "incident" || !incidentId) return;
    setIds((have) => new Set(have).add(incidentId));
    setTimeout(() => setIds((have) => new Set([...have].filter((id) => id !== incidentId))), shownMillis);
  });
  return ids;
}
