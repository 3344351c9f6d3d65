import { useCallback, useEffect, useRef, useState } from "react";

export interface Selection<Id = number> {
  ids: ReadonlySet<Id>;
  current: number; // index of the row the keys act on; -1 for none
  point: (index: number) => void;
  move: (step: number) => void;
  toggle: (index: number, range: boolean) => void;
  selectAll: (all: boolean) => void;
  clear: () => void;
}

/** Which row is current and which are selected; both follow what the rows are about, not their places. */
export function useSelection<Id extends string | number>(rows: { id: Id }[]): Selection<Id> {
  const [ids, setIds] = useState<ReadonlySet<Id>>(new Set());
  const [currentId, setCurrentId] = useState<Id | null>(null);
  const latest = useRef({ rows, currentId, anchor: -1 });
  useEffect(() => { latest.current.rows = rows; latest.current.currentId = currentId; });
  const current = currentId === null ? -1 : rows.findIndex((r) => r.id === currentId);

  const point = useCallback((index: number) => setCurrentId(latest.current.rows[index]?.id ?? null), []);
  const move = useCallback((step: number) => {
    const { rows: list, currentId: id } = latest.current;
    const at = list.findIndex((r) => r.id === id);
    point(Math.min(Math.max(at + step, 0), list.length - 1));
  }, [point]);
  const toggle = useCallback((index: number, range: boolean) => {
    const { rows: list, anchor } = latest.current;
    const from = range && anchor >= 0 ? Math.min(anchor, index) : index;
    const to = range && anchor >= 0 ? Math.max(anchor, index) : index;
    setIds((have) => {
      const next = new Set(have);
      const add = !have.has(list[index]!.id);
      for (const row of list.slice(from, to + 1)) if (add) next.add(row.id); else next.delete(row.id);
      return next;
    });
    latest.current.anchor = index;
    point(index);
  }, [point]);
  const clear = useCallback(() => setIds(new Set()), []);
  const selectAll = useCallback((all: boolean) => setIds(new Set(all ? latest.current.rows.map((r) => r.id) : [])), []);
  return { ids, current, point, move, toggle, selectAll, clear };
}
