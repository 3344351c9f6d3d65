import { Button, Menu, MenuItem, MenuList, MenuPopover, MenuTrigger, Tooltip } from "@fluentui/react-components";
import { DismissRegular, HistoryRegular, LinkRegular, PlayRegular, TextAlignLeftRegular } from "@fluentui/react-icons";
import type { Past } from "../../../kql/history";
import type { TimeRange } from "../../../kql/link";
import { When } from "../../../ui/When";
import { rangeText } from "../model";
import { TimeRangePicker } from "./TimeRangePicker";
import styles from "./Hunting.module.css";

interface Props {
  range: TimeRange; onRange: (range: TimeRange) => void; isRunning: boolean; canRun: boolean; history: Past[];
  onRun: () => void; onCancel: () => void; onFormat: () => void; onCopyLink: () => void; onPast: (past: Past) => void;
}

export function Toolbar({ range, onRange, isRunning, canRun, history, onRun, onCancel, onFormat, onCopyLink, onPast }: Props) {
  return (
    <div className={styles.toolbar} role="toolbar" aria-label="Query">
      {isRunning
        ? <Button size="small" appearance="primary" icon={<DismissRegular />} onClick={onCancel}>Cancel</Button>
        : <Tooltip content="Runs the query at the cursor, or the selection: Shift+Enter" relationship="description"><Button size="small" appearance="primary" icon={<PlayRegular />} disabled={!canRun} onClick={onRun}>Run query</Button></Tooltip>}
      <TimeRangePicker range={range} onRange={onRange} />
      <Button size="small" appearance="subtle" icon={<TextAlignLeftRegular />} onClick={onFormat}>Format</Button>
      <Menu>
        <MenuTrigger disableButtonEnhancement><Button size="small" appearance="subtle" icon={<HistoryRegular />} disabled={history.length === 0}>History</Button></MenuTrigger>
        <MenuPopover className={styles.history}><MenuList>
          {history.map((past) => (
            <MenuItem key={`${past.at}`} onClick={() => onPast(past)}>
              <code className={styles.past}>{past.query.replace(/\s+/g, " ").slice(0, 110)}</code>
              <span className={styles.pastNote}><When at={new Date(past.at).toISOString()} suffix /> · {rangeText(past.range)} · {past.failed ? "failed" : `${past.rows?.toLocaleString("en-US")} rows`}</span>
            </MenuItem>
          ))}
        </MenuList></MenuPopover>
      </Menu>
      <Button size="small" appearance="subtle" icon={<LinkRegular />} onClick={onCopyLink}>Copy link</Button>
    </div>
  );
}
