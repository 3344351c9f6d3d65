import { Menu, MenuDivider, MenuItem, MenuList, MenuPopover, MenuTrigger } from "@fluentui/react-components";
import type { ReactElement } from "react";
import type { Assignee } from "../../../api/types.gen";

interface Props { trigger: ReactElement; users: Assignee[]; me: string; owner?: string; onAssign: (owner: string) => void }

/** Offers to assign to me, to anyone else, or to nobody. */
export function AssignMenu({ trigger, users, me, owner, onAssign }: Props) {
  return (
    <Menu>
      <MenuTrigger disableButtonEnhancement>{trigger}</MenuTrigger>
      <MenuPopover>
        <MenuList>
          <MenuItem disabled={owner === me} onClick={() => onAssign(me)}>Assign to me</MenuItem>
          <MenuDivider />
          {users.filter((u) => u.user !== me).map((u) => <MenuItem key={u.user} disabled={owner === u.user} secondaryContent={u.user} onClick={() => onAssign(u.user)}>{u.displayName}</MenuItem>)}
          <MenuDivider />
          <MenuItem disabled={owner === ""} onClick={() => onAssign("")}>Unassign</MenuItem>
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}
