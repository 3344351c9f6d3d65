import { createContext, use, useEffect, useRef } from "react";
import type { LiveStream } from "./stream";
import type { Change } from "./types.gen";

/** The live connection of the window. */
export const LiveContext = createContext<LiveStream | null>(null);

/** Calls listener for each change that comes over the live connection while the caller is on the screen. */
export function useChanges(listener: (change: Change) => void): void {
  const stream = use(LiveContext);
  const latest = useRef(listener);
  useEffect(() => { latest.current = listener; });
  useEffect(() => stream?.listen((change) => latest.current(change)), [stream]);
}
