import { createContext, use, useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { actionFor, pressed, type ActionId } from "../lib/shortcuts";

type Handlers = Partial<Record<ActionId, () => void>>;
interface Registry { add: (handlers: { current: Handlers }, ids: ActionId[]) => () => void; run: (id: ActionId) => void; possible: ActionId[] }

const Context = createContext<Registry>({ add: () => () => {}, run: () => {}, possible: [] });

/** The actions possible now, and how to run one: what the command palette shows. */
export const usePossibleActions = () => use(Context);

/** Makes actions possible while the calling component is on the screen. */
export function useActions(handlers: Handlers): void {
  const { add } = use(Context);
  const latest = useRef(handlers);
  useEffect(() => { latest.current = handlers; });
  const ids = Object.keys(handlers).filter((id) => handlers[id as ActionId]).sort().join(" ");
  useEffect(() => add(latest, ids.split(" ").filter(Boolean) as ActionId[]), [add, ids]);
}

const sequenceMillis = 900;

/** Keeps the registry of possible actions and listens for their keys. */
export function ActionsProvider({ children }: { children: ReactNode }) {
  const sets = useRef(new Map<object, { handlers: { current: Handlers }; ids: ActionId[] }>());
  const [possible, setPossible] = useState<ActionId[]>([]);
  const refresh = useCallback(() => setPossible([...new Set([...sets.current.values()].flatMap((s) => s.ids))]), []);
  const add = useCallback((handlers: { current: Handlers }, ids: ActionId[]) => {
    const name = {};
    sets.current.set(name, { handlers, ids });
    refresh();
    return () => {
      sets.current.delete(name);
      refresh();
    };
  }, [refresh]);
  const run = useCallback((id: ActionId) => {
    for (const set of [...sets.current.values()].reverse()) {
      const handler = set.handlers.current[id];
      if (handler) return handler();
    }
  }, []);
  useEffect(() => {
    let before = "";
    let at = 0;
    const onKey = (event: KeyboardEvent) => {
      const key = pressed(event);
      if (!isFree(event.target, key)) return;
      const now = event.timeStamp;
      const id = actionFor([...sets.current.values()].flatMap((s) => s.ids), now - at < sequenceMillis ? before : "", key);
      [before, at] = [key, now];
      if (!id) return;
      event.preventDefault();
      event.stopPropagation();
      before = "";
      run(id);
    };
    // While the event is on its way down: the editor would take Ctrl+K for itself.
    addEventListener("keydown", onKey, { capture: true });
    return () => removeEventListener("keydown", onKey, { capture: true });
  }, [run]);
  const registry = useMemo(() => ({ add, run, possible }), [add, run, possible]);
  return <Context value={registry}>{children}</Context>;
}

/** Says whether keys may be taken from an element: typing and open dialogs keep their keys. */
function isFree(target: EventTarget | null, key: string): boolean {
  if (key.startsWith("Ctrl+")) return true;
  const element = target instanceof Element ? target : null;
  if (element?.closest('input, textarea, select, [contenteditable="true"], [role="combobox"], [role="menu"], [role="listbox"]')) return false;
  if (document.querySelector('[role="dialog"], [role="alertdialog"], [role="menu"]')) return false;
  return !(key === "Enter" && element?.closest("button, a, summary"));
}
