import { useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { api, problemOf } from "../../api/client";
import type { Problem, QueryResult } from "../../api/types.gen";
import { boundsOf, type TimeRange } from "../../kql/link";
import { place, type Placed } from "../../kql/markers";
import type { Statement } from "../../kql/statements";

export const useSchema = () => useQuery({ queryKey: ["schema"], queryFn: api.schema, staleTime: 300_000 });

/** A query that was started, and how it stands. */
export interface Run {
  statement: Statement;
  range: TimeRange;
  startedAt: number;
  state: "running" | "done" | "failed" | "cancelled";
  result: QueryResult | null;
  errors: Placed[];
  problem: Problem | null;
}

/** Runs one query at a time; starting another cancels the first, and so does leaving the page. */
export function useRun(onDone: (run: Run) => void) {
  const [run, setRun] = useState<Run | null>(null);
  const flight = useRef<AbortController>(null);
  const done = useRef(onDone);
  useEffect(() => { done.current = onDone; });
  useEffect(() => () => flight.current?.abort(), []);

  const start = useCallback((statement: Statement, range: TimeRange) => {
    flight.current?.abort();
    const controller = new AbortController();
    flight.current = controller;
    const begun: Run = { statement, range, startedAt: Date.now(), state: "running", result: null, errors: [], problem: null };
    setRun(begun);
    const end = (change: Partial<Run>) => {
      if (flight.current !== controller) return;
      const ended = { ...begun, ...change };
      setRun(ended);
      done.current(ended);
    };
    api.runQuery({ query: statement.text, ...boundsOf(range, begun.startedAt) }, controller.signal).then(
      (result) => {
        const errors = place(result.diagnostics, statement.text, statement.start);
        end({ result, errors, state: errors.some((d) => d.severity === "error") ? "failed" : "done" });
      },
      (error: unknown) => {
        if (!controller.signal.aborted) end({ state: "failed", problem: problemOf(error) });
      },
    );
  }, []);
  const cancel = useCallback(() => {
    flight.current?.abort();
    setRun((current) => current && { ...current, state: current.state === "running" ? "cancelled" : current.state });
  }, []);
  return { run, start, cancel };
}

const quietMillis = 350;

/** What the server says of the query at the cursor, once typing pauses. */
export function useCheck(statement: Statement | null, range: TimeRange): Placed[] {
  const [placed, setPlaced] = useState<Placed[]>([]);
  const [text, start] = [statement?.text ?? "", statement?.start ?? 0];
  const bounds = JSON.stringify(range);
  useEffect(() => {
    if (!text) return setPlaced([]);
    const controller = new AbortController();
    const timer = setTimeout(() => {
      api.checkQuery({ query: text, ...boundsOf(JSON.parse(bounds) as TimeRange, Date.now()) }, controller.signal).then(
        ({ diagnostics }) => setPlaced(place(diagnostics, text, start)),
        () => {}, // a check that fails says nothing of the query; running it will
      );
    }, quietMillis);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [text, start, bounds]);
  return placed;
}
