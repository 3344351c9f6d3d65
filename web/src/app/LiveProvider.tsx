import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState, type ReactNode } from "react";
import { LiveContext } from "../api/live";
import { LiveStream } from "../api/stream";
import { Refresher, keysOf } from "./refresher";

/** Keeps what is on the screen true: each change makes the queries that show it fetch again. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const [stream] = useState(() => new LiveStream(() => void client.invalidateQueries({ predicate: (q) => q.queryKey[0] !== "session" })));
  useEffect(() => {
    const refresher = new Refresher((key) => client.invalidateQueries({ queryKey: key }));
    const unlisten = stream.listen((change) => refresher.ask(keysOf(change)));
    stream.start();
    return () => {
      unlisten();
      refresher.stop();
      stream.stop();
    };
  }, [client, stream]);
  return <LiveContext value={stream}>{children}</LiveContext>;
}
