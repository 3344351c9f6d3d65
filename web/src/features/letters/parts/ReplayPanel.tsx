import { Button, DrawerBody, DrawerHeader, DrawerHeaderTitle, OverlayDrawer } from "@fluentui/react-components";
import { DismissRegular } from "@fluentui/react-icons";
import { count } from "../../../lib/words";
import type { Subject } from "../model";
import { Mend } from "./Mend";

interface Props { subject: Subject; onDone: (text: string, isGood: boolean) => void; onClose: () => void }

/** Replays several letters. It stays open to show what came of them. */
export function ReplayPanel({ subject, onDone, onClose }: Props) {
  return (
    <OverlayDrawer open position="end" style={{ width: "min(560px, 100vw)" }} onOpenChange={onClose}>
      <DrawerHeader><DrawerHeaderTitle action={<Button appearance="subtle" aria-label="Close" icon={<DismissRegular />} onClick={onClose} />}>Replay {count(subject.size, "letter")}</DrawerHeaderTitle></DrawerHeader>
      <DrawerBody><Mend subject={subject} onDone={onDone} /></DrawerBody>
    </OverlayDrawer>
  );
}
