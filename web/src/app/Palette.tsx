import { Dialog, DialogSurface } from "@fluentui/react-components";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from "react";
import { usePossibleActions } from "../ui/Actions";
import { Keys } from "../ui/Keys";
import { choices, type Choice } from "./palette";
import styles from "./Palette.module.css";

/** The command palette: type, choose with the arrows, Enter. */
export function Palette({ onClose }: { onClose: () => void }) {
  const { possible, run } = usePossibleActions();
  const navigate = useNavigate();
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const list = useMemo(() => choices(possible, text), [possible, text]);
  const chosen = useRef<HTMLLIElement>(null);
  useEffect(() => { void chosen.current?.scrollIntoView({ block: "nearest" }); }, [at]); // newer browsers return a promise
  const take = (choice: Choice | undefined) => {
    if (!choice) return;
    onClose();
    if (choice.kind === "incident") void navigate({ to: "/incidents/$number", params: { number: String(choice.number) } });
    else setTimeout(() => run(choice.id)); // after the dialog has given the focus back
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step && list.length) setAt((at + step + list.length) % list.length);
    else if (event.key === "Enter") take(list[at]);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog open onOpenChange={onClose}>
      <DialogSurface className={styles.surface} style={{ padding: 0, border: "none" }} aria-label="Command palette">
        <input
          className={styles.input} autoFocus placeholder="Type an action, a page or an incident number" value={text} onKeyDown={onKeyDown}
          onChange={(e) => { setText(e.target.value); setAt(0); }} role="combobox" aria-expanded="true" aria-controls="palette-list" aria-activedescendant={`palette-${at}`} aria-label="Command"
        />
        <ul id="palette-list" role="listbox" className={styles.list} aria-label="Commands">
          {list.map((choice, i) => (
            <li key={choice.title} id={`palette-${i}`} role="option" aria-selected={i === at} className={styles.choice} ref={i === at ? chosen : null} onMouseMove={() => setAt(i)} onClick={() => take(choice)}>
              {choice.title}{choice.kind === "action" && choice.keys && <Keys keys={choice.keys} />}
            </li>
          ))}
          {list.length === 0 && <li className={styles.none}>Nothing fits. Try fewer letters.</li>}
        </ul>
      </DialogSurface>
    </Dialog>
  );
}
