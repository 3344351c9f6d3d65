import { Dialog, DialogBody, DialogContent, DialogSurface, DialogTitle } from "@fluentui/react-components";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState, type ReactNode } from "react";
import { api, ApiError, onSessionEnd, problemOf } from "../api/client";
import { SessionContext } from "../api/session";
import type { Session } from "../api/types.gen";
import { Failure } from "../ui/Failure";
import { SignInForm, SignInPage } from "./SignInPage";

/**
 * Shows the product to those who are signed in and the sign-in page to others,
 * at whatever address they came for. When a session ends at work, it asks in a
 * dialog, so that nothing typed is lost.
 */
export function SessionGate({ link, children }: { link: string | null; children: ReactNode }) {
  const client = useQueryClient();
  const [token] = useState({ link });
  const [hasEnded, setEnded] = useState(false);
  const session = useQuery({
    queryKey: ["session"], retry: false, staleTime: Infinity, refetchOnWindowFocus: false,
    queryFn: () => {
      const once = token.link;
      token.link = null;
      return once ? api.signIn({ link: once }) : api.session();
    },
  });
  useEffect(() => { onSessionEnd(() => setEnded(true)); }, []);
  const enter = (next: Session) => {
    if (session.data && session.data.user !== next.user) return location.assign("/");
    client.setQueryData(["session"], next);
    setEnded(false);
    void client.invalidateQueries({ predicate: (q) => q.queryKey[0] !== "session" });
  };
  if (session.isPending) return <div role="status" aria-label="Loading Tocsin" />;
  if (!session.data) {
    const isRefusal = session.error instanceof ApiError && session.error.status >= 400 && session.error.status < 500;
    if (!isRefusal) return <Failure problem={problemOf(session.error)} action={{ label: "Try again", onClick: () => void session.refetch() }} />;
    return <SignInPage failure={link ? problemOf(session.error) : null} onSignedIn={enter} />;
  }
  return (
    <SessionContext value={session.data}>
      {children}
      <Dialog open={hasEnded} modalType="alert">
        <DialogSurface style={{ maxWidth: 400 }}>
          <DialogBody>
            <DialogTitle>Your session has ended</DialogTitle>
            <DialogContent>
              <p style={{ marginBottom: 16 }}>Sign in to go on. What you typed is kept.</p>
              <SignInForm failure={null} fixedUser={session.data.user} onSignedIn={enter} />
            </DialogContent>
          </DialogBody>
        </DialogSurface>
      </Dialog>
    </SessionContext>
  );
}
