import { createContext, use } from "react";
import type { Session } from "./types.gen";

/** The session of the signed-in user. */
export const SessionContext = createContext<Session | null>(null);

/** Returns the session; only pages inside the shell may ask. */
export function useSession(): Session {
  const session = use(SessionContext);
  if (!session) throw new Error("This page was shown without a session.");
  return session;
}

/** Says whether the user may change what is kept and how it is read: mend letters, place holds. */
export const mayContribute = (session: Session): boolean => session.role === "contributor" || session.role === "admin";

/** Says whether the user may lift holds. */
export const mayAdminister = (session: Session): boolean => session.role === "admin";

/** Says whether the user may change incidents; the server decides again. */
export const mayRespond = (session: Session): boolean => session.role !== "reader";
