import { use } from "react";
import { LiveContext } from "../api/live";
import { useLiveState, type LiveStream } from "../api/stream";
import { span } from "../lib/time";
import { useNow } from "../ui/When";
import styles from "./LiveIndicator.module.css";

const names = { off: "Not live", connecting: "Connecting", live: "Live", broken: "Reconnecting" };

/** Says whether what is on the screen follows the server; a click reconnects at once. */
export function LiveIndicator() {
  const stream = use(LiveContext);
  return stream && <Indicator stream={stream} />;
}

function Indicator({ stream }: { stream: LiveStream }) {
  const { phase, since } = useLiveState(stream);
  const now = useNow();
  const broken = phase === "broken";
  const title = broken ? `No live connection for ${span(now - since)}: what you see may be old. Click to reconnect now.` : phase === "live" ? "Changes appear as they happen." : "";
  return (
    <button type="button" className={styles.live} data-phase={phase} title={title} disabled={!broken} onClick={() => stream.reconnect()}>
      <span className={styles.dot} aria-hidden="true" /><span role="status">{names[phase]}</span>
    </button>
  );
}
