import { Component, type ReactNode } from "react";
import { Failure } from "../ui/Failure";

interface State { error: Error | null }

/** Shows a defect of a page in its place, with what to do; the rest of the window goes on working. */
export class ErrorBoundary extends Component<{ children: ReactNode }, State> {
  override state: State = { error: null };

  static getDerivedStateFromError(error: Error): State {
    return { error };
  }

  override render() {
    if (!this.state.error) return this.props.children;
    const message = `This page failed and cannot be shown: ${this.state.error.message}`;
    return <Failure problem={{ message, requestId: "" }} action={{ label: "Reload", onClick: () => location.reload() }} />;
  }
}

/** The same, for the router, which hands over the error itself. */
export function RouteError({ error }: { error: unknown }) {
  const cause = error instanceof Error ? error.message : String(error);
  const isStale = /dynamically imported module|Importing a module script failed/.test(cause);
  const message = isStale ? "Tocsin was updated since this window was opened. Reload to go on." : `This page failed and cannot be shown: ${cause}`;
  return <Failure problem={{ message, requestId: "" }} action={{ label: "Reload", onClick: () => location.reload() }} />;
}
