import { Button, DrawerBody, DrawerFooter, DrawerHeader, DrawerHeaderTitle, OverlayDrawer } from "@fluentui/react-components";
import { DismissRegular } from "@fluentui/react-icons";
import type { ReactNode } from "react";
import styles from "./Panel.module.css";

interface Props { title: string; submit: string; isReady: boolean; isPending: boolean; note?: string; busy?: string; width?: number; children: ReactNode; onCancel: () => void; onSubmit: () => void }

/** A form in a panel at the right edge. Ctrl+Enter submits, Escape cancels. */
export function Panel({ title, submit, isReady, isPending, note, busy = "Saving…", width = 400, children, onCancel, onSubmit }: Props) {
  const send = () => { if (isReady && !isPending) onSubmit(); };
  return (
    <OverlayDrawer open position="end" style={{ width: `min(${width}px, 100vw)` }} onOpenChange={onCancel}>
      <DrawerHeader><DrawerHeaderTitle action={<Button appearance="subtle" aria-label="Cancel" icon={<DismissRegular />} onClick={onCancel} />}>{title}</DrawerHeaderTitle></DrawerHeader>
      <DrawerBody>
        <form id="panel-form" className={styles.form} onSubmit={(e) => { e.preventDefault(); send(); }} onKeyDown={(e) => { if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) send(); }}>{children}</form>
      </DrawerBody>
      <DrawerFooter>
        <Button appearance="primary" type="submit" form="panel-form" disabled={!isReady || isPending}>{isPending ? busy : submit}</Button>
        <Button onClick={onCancel}>Cancel</Button>
        {note && <span className={styles.note}>{note}</span>}
      </DrawerFooter>
    </OverlayDrawer>
  );
}
