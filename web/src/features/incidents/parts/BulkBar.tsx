import { Button, Menu, MenuButton, MenuItem, MenuList, MenuPopover, MenuTrigger } from "@fluentui/react-components";
import { useState } from "react";
import { problemOf } from "../../../api/client";
import { useSession } from "../../../api/session";
import type { Assignee, IncidentChange, IncidentSummary } from "../../../api/types.gen";
import { count } from "../../../lib/words";
import { Failure } from "../../../ui/Failure";
import { useSay } from "../../../ui/Toasts";
import { useBulkChange } from "../queries";
import { AssignMenu } from "./AssignMenu";
import { ClosePanel } from "./ClosePanel";
import styles from "./BulkBar.module.css";

interface Props { incidents: IncidentSummary[]; users: Assignee[]; onClear: () => void }

/** What can be done to the selected incidents at once. Failures are told one by one and stay selected. */
export function BulkBar({ incidents, users, onClear }: Props) {
  const session = useSession();
  const say = useSay();
  const bulk = useBulkChange();
  const [isClosing, setClosing] = useState(false);
  const apply = (change: Omit<IncidentChange, "version">, done: string) => bulk.mutate({ incidents, change }, {
    onSuccess: ({ changed, failures }) => {
      if (changed) say(`${count(changed, "incident")} ${done}`);
      if (!failures.length) {
        setClosing(false);
        onClear();
      }
    },
  });
  const failures = bulk.data?.failures ?? [];
  return (
    <>
      <div className={styles.bar} role="toolbar" aria-label="Change the selected incidents">
        <b>{count(incidents.length, "incident")} selected</b>
        <AssignMenu trigger={<MenuButton size="small" disabled={bulk.isPending}>Assign</MenuButton>} users={users} me={session.user} onAssign={(owner) => apply({ owner }, owner ? `assigned to ${owner}` : "unassigned")} />
        <Menu>
          <MenuTrigger disableButtonEnhancement><MenuButton size="small" disabled={bulk.isPending}>Status</MenuButton></MenuTrigger>
          <MenuPopover><MenuList>
            <MenuItem onClick={() => apply({ status: "new" }, "set to New")}>New</MenuItem>
            <MenuItem onClick={() => apply({ status: "active" }, "set to Active")}>Active</MenuItem>
            <MenuItem onClick={() => setClosing(true)}>Closed…</MenuItem>
          </MenuList></MenuPopover>
        </Menu>
        <Button size="small" appearance="subtle" onClick={onClear}>Clear selection</Button>
        {bulk.isPending && <span role="status">Saving…</span>}
      </div>
      {failures.length > 0 && (
        <div className={styles.failures}>
          {failures.slice(0, 3).map(({ incident, error }) => <Failure key={incident.id} size="line" problem={problemOf(error)} />)}
          {failures.length > 3 && <span>and {count(failures.length - 3, "more failure")}</span>}
        </div>
      )}
      {isClosing && <ClosePanel subject={count(incidents.length, "incident")} isPending={bulk.isPending} onCancel={() => setClosing(false)} onClose={(change) => apply(change, "closed")} />}
    </>
  );
}
