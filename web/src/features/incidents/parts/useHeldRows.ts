import { useCallback, useState } from "react";
import type { IncidentSummary } from "../../../api/types.gen";
import { hold } from "../model";

/**
 * Keeps rows in their places while isHeld, whatever comes; what waits is
 * counted and shown on release. scope is what the user asked to see: when it
 * changes, nothing is held back.
 */
export function useHeldRows(fresh: IncidentSummary[], isHeld: boolean, scope: string) {
  const [kept, setKept] = useState({ rows: fresh, scope });
  const isKept = isHeld && kept.scope === scope && kept.rows.length > 0;
  if (!isKept && kept.rows !== fresh) setKept({ rows: fresh, scope }); // during rendering, as React's reference advises for derived state
  const release = useCallback(() => setKept({ rows: fresh, scope }), [fresh, scope]);
  // Further pages belong at the end: they move nothing.
  const isLonger = isKept && fresh.length > kept.rows.length && kept.rows.every((row, i) => fresh[i]?.id === row.id);
  const held = isKept && !isLonger ? hold(kept.rows, fresh) : { rows: fresh, waiting: 0 };
  return { ...held, release };
}
