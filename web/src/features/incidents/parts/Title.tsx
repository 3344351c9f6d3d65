import { Button, Input } from "@fluentui/react-components";
import { EditRegular } from "@fluentui/react-icons";
import { useState } from "react";
import styles from "./Header.module.css";

interface Props { title: string; canEdit: boolean; onRename: (title: string) => void }

/** The title, editable in place: Enter saves, Escape leaves it as it was. */
export function Title({ title, canEdit, onRename }: Props) {
  const [text, setText] = useState<string | null>(null);
  if (text === null) {
    return (
      <h1 className={styles.title}>
        <span>{title}</span>
        {canEdit && <Button size="small" appearance="transparent" icon={<EditRegular />} aria-label="Rename incident" onClick={() => setText(title)} />}
      </h1>
    );
  }
  const finish = () => {
    if (text.trim() && text.trim() !== title) onRename(text.trim());
    setText(null);
  };
  return (
    <Input
      className={styles.rename} aria-label="Title of the incident" autoFocus value={text} maxLength={500} onChange={(_, d) => setText(d.value)} onBlur={finish}
      onKeyDown={(e) => { if (e.key === "Enter") finish(); else if (e.key === "Escape") setText(null); }}
    />
  );
}
