import { Button, Menu, MenuDivider, MenuGroup, MenuGroupHeader, MenuItem, MenuItemRadio, MenuList, MenuPopover, MenuTrigger, Tooltip } from "@fluentui/react-components";
import { DarkThemeRegular, KeyboardRegular, PersonRegular, SearchRegular } from "@fluentui/react-icons";
import { useSession } from "../api/session";
import { Keys } from "../ui/Keys";
import { words } from "../lib/words";
import { LiveIndicator } from "./LiveIndicator";
import { signOut } from "./Shell";
import { useTheme, type ThemeChoice } from "./theme";
import styles from "./TopBar.module.css";

export function TopBar({ onPalette, onHelp }: { onPalette: () => void; onHelp: () => void }) {
  const session = useSession();
  const { choice, choose } = useTheme();
  return (
    <header className={styles.bar}>
      <span className={styles.brand}><img src="/tocsin.svg" alt="" width="22" height="22" />Tocsin</span>
      {session.isDemo && <span className={styles.demo}>Demo data</span>}
      <button type="button" className={styles.search} onClick={onPalette}>
        <SearchRegular aria-hidden="true" /><span>Go to a page, an incident or an action</span><Keys keys="Ctrl+K" />
      </button>
      <div className={styles.end}>
        <LiveIndicator />
        <Tooltip content="Keyboard shortcuts" relationship="label"><Button appearance="subtle" icon={<KeyboardRegular />} onClick={onHelp} /></Tooltip>
        <Menu checkedValues={{ theme: [choice] }} onCheckedValueChange={(_, d) => choose(d.checkedItems[0] as ThemeChoice)}>
          <MenuTrigger disableButtonEnhancement><Button appearance="subtle" icon={<DarkThemeRegular />} aria-label="Theme" title="Theme" /></MenuTrigger>
          <MenuPopover><MenuList>
            <MenuItemRadio name="theme" value="light">Light</MenuItemRadio>
            <MenuItemRadio name="theme" value="dark">Dark</MenuItemRadio>
            <MenuItemRadio name="theme" value="system">Follow the system</MenuItemRadio>
          </MenuList></MenuPopover>
        </Menu>
        <Menu>
          <MenuTrigger disableButtonEnhancement><Button appearance="subtle" icon={<PersonRegular />}>{session.displayName}</Button></MenuTrigger>
          <MenuPopover><MenuList>
            <MenuGroup>
              <MenuGroupHeader>{session.user} · {words(session.role)} · Tocsin {session.version}</MenuGroupHeader>
              <MenuDivider />
              <MenuItem onClick={() => void signOut()}>Sign out</MenuItem>
            </MenuGroup>
          </MenuList></MenuPopover>
        </Menu>
      </div>
    </header>
  );
}
