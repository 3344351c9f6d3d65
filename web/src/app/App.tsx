import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { useState } from "react";
import { ApiError } from "../api/client";
import { ActionsProvider } from "../ui/Actions";
import { ToastsProvider } from "../ui/Toasts";
import { ErrorBoundary } from "./ErrorBoundary";
import { LiveProvider } from "./LiveProvider";
import { makeRouter } from "./routes";
import { SessionGate } from "./SessionGate";
import { ThemeProvider } from "./theme";

/** A refusal stays one however often it is asked again; only the rest is retried. */
const retry = (failures: number, error: Error) => failures < 1 && !(error instanceof ApiError && error.status >= 400 && error.status < 500);

export function App({ link }: { link: string | null }) {
  const [client] = useState(() => new QueryClient({ defaultOptions: { queries: { retry, staleTime: 15_000, refetchOnWindowFocus: false } } }));
  const [router] = useState(makeRouter);
  return (
    <ThemeProvider>
      <ErrorBoundary>
        <QueryClientProvider client={client}>
          <ToastsProvider>
            <SessionGate link={link}>
              <LiveProvider>
                <ActionsProvider><RouterProvider router={router} /></ActionsProvider>
              </LiveProvider>
            </SessionGate>
          </ToastsProvider>
        </QueryClientProvider>
      </ErrorBoundary>
    </ThemeProvider>
  );
}
