import { Button, Field, Input } from "@fluentui/react-components";
import { useMutation } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { api, problemOf } from "../api/client";
import type { Problem, Session } from "../api/types.gen";
import { Failure } from "../ui/Failure";
import styles from "./SignInPage.module.css";

/** The sign-in form; failure is that of a one-time link that did not work. */
export function SignInPage({ failure, onSignedIn }: { failure: Problem | null; onSignedIn: (session: Session) => void }) {
  return (
    <main className={styles.page}>
      <div className={styles.card}>
        <div className={styles.brand}><img src="/tocsin.svg" alt="" width="36" height="36" /><h1>Tocsin</h1></div>
        <p className={styles.lead}>Sign in to work on incidents and hunt.</p>
        <SignInForm failure={failure} onSignedIn={onSignedIn} />
      </div>
    </main>
  );
}

export function SignInForm({ failure, onSignedIn, fixedUser }: { failure: Problem | null; onSignedIn: (session: Session) => void; fixedUser?: string }) {
  const [user, setUser] = useState(fixedUser ?? "");
  const [password, setPassword] = useState("");
  const signIn = useMutation({ mutationFn: () => api.signIn({ user: user.trim(), password }), onSuccess: onSignedIn, onError: () => setPassword("") });
  const problem = signIn.error ? problemOf(signIn.error) : signIn.isIdle ? failure : null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (user.trim() && password) signIn.mutate();
  };
  return (
    <form onSubmit={submit} className={styles.form}>
      {problem && <Failure size="line" isCalm={false} problem={problem} />}
      <Field label="User name"><Input value={user} onChange={(_, d) => setUser(d.value)} name="user" autoComplete="username" autoFocus={!fixedUser} /></Field>
      <Field label="Password"><Input type="password" value={password} onChange={(_, d) => setPassword(d.value)} name="password" autoComplete="current-password" autoFocus={!!fixedUser} /></Field>
      <Button type="submit" appearance="primary" disabled={signIn.isPending || !user.trim() || !password}>{signIn.isPending ? "Signing in…" : "Sign in"}</Button>
    </form>
  );
}
