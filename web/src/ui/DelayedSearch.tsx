import { SearchBox } from "@fluentui/react-components";
import { useEffect, useRef, useState, type Ref } from "react";

const typingMillis = 250;

interface Props { value: string; onChange: (value: string) => void; label: string; placeholder: string; width: number; inner?: Ref<HTMLInputElement> }

/** A search field that asks once typing pauses. A value that changes from outside (Reset, Back) replaces the text. */
export function DelayedSearch({ value, onChange, label, placeholder, width, inner }: Props) {
  const [text, setText] = useState(value);
  const [shown, setShown] = useState(value);
  const latest = useRef(onChange);
  useEffect(() => { latest.current = onChange; });
  if (shown !== value) {
    setShown(value);
    if (value !== text.trim()) setText(value);
  }
  useEffect(() => {
    if (text.trim() === value) return;
    const timer = setTimeout(() => latest.current(text.trim()), typingMillis);
    return () => clearTimeout(timer);
  }, [text, value]);
  return <SearchBox size="small" style={{ width }} ref={inner} value={text} onChange={(_, d) => setText(d.value)} placeholder={placeholder} aria-label={label} onKeyDown={(e) => { if (e.key === "Escape") e.currentTarget.blur(); }} />;
}
