import { Dialog, DialogBody, DialogContent, DialogSurface, DialogTitle, DialogTrigger, Button } from "@fluentui/react-components";
import { DismissRegular } from "@fluentui/react-icons";
import { shortcuts, type Shortcut } from "../lib/shortcuts";
import { Keys } from "../ui/Keys";
import styles from "./HelpDialog.module.css";

const groups: Shortcut["group"][] = ["Everywhere", "Incident queue", "Incident", "Hunting", "Dead letters", "Retention"];

/** All shortcuts, from the one table. */
export function HelpDialog({ onClose }: { onClose: () => void }) {
  const all: Shortcut[] = Object.values(shortcuts);
  return (
    <Dialog open onOpenChange={onClose}>
      <DialogSurface style={{ maxWidth: 680 }}>
        <DialogBody>
          <DialogTitle action={<DialogTrigger action="close"><Button appearance="subtle" aria-label="Close" icon={<DismissRegular />} /></DialogTrigger>}>Keyboard shortcuts</DialogTitle>
          <DialogContent className={styles.groups}>
            {groups.map((group) => (
              <section key={group}>
                <h2>{group}</h2>
                <dl>{all.filter((s) => s.group === group && s.keys).map((s) => <div key={s.title}><dt>{s.title}</dt><dd><Keys keys={s.keys} /></dd></div>)}</dl>
              </section>
            ))}
          </DialogContent>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}
