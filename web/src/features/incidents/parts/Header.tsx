import { Button, Menu, MenuButton, MenuItem, MenuList, MenuPopover, MenuTrigger } from "@fluentui/react-components";
import { CopyRegular } from "@fluentui/react-icons";
import { Link } from "@tanstack/react-router";
import type { Assignee, IncidentChange, IncidentDetail, Severity as Level } from "../../../api/types.gen";
import { usePossibleActions } from "../../../ui/Actions";
import { Chip } from "../../../ui/Chip";
import { Severity } from "../../../ui/Severity";
import { Status } from "../../../ui/Status";
import { verdictText } from "../model";
import { AssignMenu } from "./AssignMenu";
import { Facts } from "./Facts";
import styles from "./Header.module.css";
import { Title } from "./Title";

interface Props { incident: IncidentDetail; users: Assignee[]; me: string; canChange: boolean; onChange: (change: Omit<IncidentChange, "version">) => void }

/** The head of an incident: what it is, how it stands, and what can be done with it. */
export function Header({ incident: i, users, me, canChange, onChange }: Props) {
  const { run } = usePossibleActions();
  const owner = users.find((u) => u.user === i.owner)?.displayName ?? i.owner;
  const isClosed = i.status === "closed";
  const verdict = verdictText(i.classification, i.determination);
  return (
    <header className={styles.header}>
      <div className={styles.line}>
        <Link to="/incidents" className={styles.back}>Incidents</Link><span className={styles.slash}>/</span><span className={styles.number}>{i.id}</span>
        <Title title={i.title} canEdit={canChange} onRename={(title) => onChange({ title })} />
        <div className={styles.actions}>
          <Menu>
            <MenuTrigger disableButtonEnhancement><MenuButton size="small" appearance="subtle" icon={<CopyRegular />}>Copy</MenuButton></MenuTrigger>
            <MenuPopover><MenuList>
              <MenuItem onClick={() => run("incident.copyLink")}>Link</MenuItem>
              <MenuItem onClick={() => run("incident.copyMarkdown")}>Markdown summary</MenuItem>
            </MenuList></MenuPopover>
          </Menu>
          {canChange && i.owner !== me && !isClosed && <Button size="small" onClick={() => run("incident.assignMe")}>Assign to me</Button>}
          {canChange && <Button size="small" onClick={() => run("incident.manage")}>Manage</Button>}
          {canChange && (isClosed
            ? <Button size="small" appearance="primary" onClick={() => onChange({ status: "active" })}>Reopen</Button>
            : <Button size="small" appearance="primary" onClick={() => run("incident.close")}>Close incident</Button>)}
        </div>
      </div>
      <div className={styles.line}>
        <Pick label="Severity" disabled={!canChange} value={<Severity level={i.severity} />} options={(["high", "medium", "low", "informational"] as Level[]).map((l) => ({ key: l, content: <Severity level={l} />, take: () => onChange({ severity: l }) }))} />
        <Pick label="Status" disabled={!canChange || isClosed} value={<Status state={i.status} label={isClosed && verdict ? `Closed · ${verdict}` : undefined} />} options={[
          { key: "new", content: <Status state="new" />, take: () => onChange({ status: "new" }) },
          { key: "active", content: <Status state="active" />, take: () => onChange({ status: "active" }) },
          { key: "closed", content: <Status state="closed" label="Closed…" />, take: () => run("incident.close") },
        ]} />
        {canChange
          ? <AssignMenu users={users} me={me} owner={i.owner} onAssign={(next) => onChange({ owner: next })} trigger={<MenuButton size="small" appearance="subtle"><span className={styles.label}>Owner</span>{" "}{owner || "Unassigned"}</MenuButton>} />
          : <span className={styles.fixed}><span className={styles.label}>Owner</span>{" "}{owner || "Unassigned"}</span>}
        <span className={styles.tags}>{i.tags.map((tag) => <Chip key={tag} kind="tag" onRemove={canChange ? () => onChange({ tags: i.tags.filter((t) => t !== tag) }) : undefined}>{tag}</Chip>)}</span>
        <Facts incident={i} />
      </div>
    </header>
  );
}

interface PickProps { label: string; disabled: boolean; value: React.ReactNode; options: { key: string; content: React.ReactNode; take: () => void }[] }

function Pick({ label, disabled, value, options }: PickProps) {
  if (disabled) return <span className={styles.fixed}><span className={styles.label}>{label}</span>{" "}{value}</span>;
  return (
    <Menu>
      <MenuTrigger disableButtonEnhancement><MenuButton size="small" appearance="subtle"><span className={styles.label}>{label}</span>{" "}{value}</MenuButton></MenuTrigger>
      <MenuPopover><MenuList>{options.map((o) => <MenuItem key={o.key} onClick={o.take}>{o.content}</MenuItem>)}</MenuList></MenuPopover>
    </Menu>
  );
}
