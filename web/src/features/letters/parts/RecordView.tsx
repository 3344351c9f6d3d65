import { Button, ToggleButton } from "@fluentui/react-components";
import { ArrowDownloadRegular, CopyRegular } from "@fluentui/react-icons";
import { useMemo, useState } from "react";
import type { DeadLetter } from "../../../api/types.gen";
import { copyText, saveFile } from "../../../lib/clipboard";
import { bytesOf, hexDump, size, visible } from "../../../lib/visible";
import { JsonTree } from "../../../ui/JsonTree";
import { useSay } from "../../../ui/Toasts";
import { faultIn } from "../model";
import styles from "./Letters.module.css";

const shownText = 16_384; // characters
const shownBytes = 4096;

/** The record as it came: text with what is invisible written out, bytes as a dump; what is long is cut, the file has all. */
export function RecordView({ letter: l }: { letter: DeadLetter }) {
  const say = useSay();
  const [isTree, setTree] = useState(false);
  const bytes = useMemo(() => (l.rawEncoding === "base64" ? bytesOf(l.raw) : null), [l]);
  const tree = useMemo(() => (bytes || l.raw.length > 262_144 ? undefined : objectOf(l.raw)), [bytes, l.raw]);
  const isCut = bytes ? bytes.length > shownBytes : l.raw.length > shownText;
  const copy = async () => say(await copyText(bytes ? hexDump(bytes) : l.raw) ? "Record copied" : "The browser did not let us copy", "info");
  return (
    <>
      <h3 className={styles.heading}>
        Record
        <span>{bytes ? "bytes that are no UTF-8 text" : ""}</span>
        {tree !== undefined && <ToggleButton size="small" appearance="subtle" checked={isTree} onClick={() => setTree(!isTree)}>As a tree</ToggleButton>}
        <Button size="small" appearance="subtle" icon={<CopyRegular />} onClick={() => void copy()}>Copy</Button>
        <Button size="small" appearance="subtle" icon={<ArrowDownloadRegular />} onClick={() => saveFile(`letter-${l.id}${bytes ? ".bin" : ".txt"}`, "application/octet-stream", bytes ?? l.raw)}>Download</Button>
      </h3>
      {isTree && tree !== undefined
        ? <div className={styles.record} tabIndex={0} role="region" aria-label="Record"><JsonTree value={tree} open={3} /></div>
        : <pre className={styles.record} tabIndex={0} role="region" aria-label="Record" data-dump={bytes ? "" : undefined}>{bytes ? hexDump(bytes.subarray(0, shownBytes)) : l.raw ? <Marked reason={l.reason} text={l.raw.slice(0, shownText)} /> : "(empty)"}</pre>}
      {isCut && !isTree && <p className={styles.cut}>Only the beginning is shown. The download has {l.isTruncated ? "what was kept" : "all"} of it: {size(bytes ? bytes.length : new Blob([l.raw]).size)}.</p>}
    </>
  );
}

/** Text with the place marked at which it is wrong. */
function Marked({ reason, text }: { reason: string; text: string }) {
  const parts = faultIn(reason, text);
  return parts ? <>{visible(parts[0])}<mark title={reason}>{visible(parts[1])}</mark>{visible(parts[2])}</> : visible(text);
}

/** The object or list that a text is in JSON; undefined when it is neither. */
function objectOf(text: string): Parameters<typeof JsonTree>[0]["value"] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Parameters<typeof JsonTree>[0]["value"]) : undefined;
  } catch {
    return undefined;
  }
}
