import { Outlet, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api } from "../api/client";
import { useActions } from "../ui/Actions";
import { HelpDialog } from "./HelpDialog";
import { Navigation } from "./Navigation";
import { Palette } from "./Palette";
import styles from "./Shell.module.css";
import { useTheme } from "./theme";
import { TopBar } from "./TopBar";

export async function signOut(): Promise<void> {
  await api.signOut().catch(() => {}); // without a session there is nothing to end
  location.assign("/");
}

/** The window: navigation on the left, bar above, the page; palette and help over it. */
export function Shell() {
  const navigate = useNavigate();
  const { choose } = useTheme();
  const [over, setOver] = useState<"palette" | "help" | null>(null);
  useActions({
    "app.palette": () => setOver("palette"),
    "app.help": () => setOver("help"),
    "app.signOut": () => void signOut(),
    "go.incidents": () => void navigate({ to: "/incidents" }),
    "go.hunting": () => void navigate({ to: "/hunting" }),
    "go.detections": () => void navigate({ to: "/detections" }),
    "go.sources": () => void navigate({ to: "/sources" }),
    "go.letters": () => void navigate({ to: "/dead-letters" }),
    "go.retention": () => void navigate({ to: "/retention" }),
    "theme.light": () => choose("light"),
    "theme.dark": () => choose("dark"),
    "theme.system": () => choose("system"),
  });
  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#page" onClick={(e) => { e.preventDefault(); document.getElementById("page")?.focus(); }}>Skip to content</a>
      <TopBar onPalette={() => setOver("palette")} onHelp={() => setOver("help")} />
      <Navigation />
      <main id="page" tabIndex={-1} className={styles.page}><Outlet /></main>
      {over === "palette" && <Palette onClose={() => setOver(null)} />}
      {over === "help" && <HelpDialog onClose={() => setOver(null)} />}
    </div>
  );
}
