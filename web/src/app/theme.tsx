import { FluentProvider, webDarkTheme, webLightTheme, type Theme } from "@fluentui/react-components";
import { createContext, use, useEffect, useState, useSyncExternalStore, type ReactNode } from "react";
import "./global.css";

export type ThemeChoice = "light" | "dark" | "system";
const storageKey = "tocsin.theme";

/** Fluent's themes at the density of a workbench: 13 px text on 18 px lines. */
const dense: Partial<Theme> = {
  fontFamilyBase: '"Inter Variable", "Segoe UI Variable Text", "Segoe UI", system-ui, -apple-system, Roboto, "Liberation Sans", sans-serif',
  fontFamilyMonospace: 'var(--mono)',
  fontSizeBase100: "10.5px", fontSizeBase200: "12px", fontSizeBase300: "13px", fontSizeBase400: "14.5px", fontSizeBase500: "18px",
  lineHeightBase100: "14px", lineHeightBase200: "16px", lineHeightBase300: "18px", lineHeightBase400: "20px", lineHeightBase500: "24px",
};
const light: Theme = { ...webLightTheme, ...dense };
const dark: Theme = {
  ...webDarkTheme, ...dense,
  colorNeutralBackground1: "#1c2126", colorNeutralBackground2: "#171b1f", colorNeutralBackground3: "#12161a",
  colorNeutralBackground1Hover: "#272e35", colorNeutralBackground1Pressed: "#20262c", colorNeutralBackground1Selected: "#2b343d",
  colorSubtleBackgroundHover: "#272e35", colorSubtleBackgroundPressed: "#20262c", colorSubtleBackgroundSelected: "#2b343d",
  colorNeutralStroke1: "#46515b", colorNeutralStroke2: "#333c44", colorNeutralStroke3: "#2a3138",
  colorNeutralForeground1: "#e9edf0", colorNeutralForeground2: "#c9d1d8", colorNeutralForeground3: "#a3afb9",
};

const prefersDark = matchMedia("(prefers-color-scheme: dark)");
const followSystem = (changed: () => void) => {
  prefersDark.addEventListener("change", changed);
  return () => prefersDark.removeEventListener("change", changed);
};

const Context = createContext<{ choice: ThemeChoice; isDark: boolean; choose: (c: ThemeChoice) => void }>({ choice: "system", isDark: false, choose: () => {} });

/** Says which theme is chosen, whether it is dark now, and how to choose another. */
export const useTheme = () => use(Context);

export function ThemeProvider({ children }: { children: ReactNode }) {
  const [choice, setChoice] = useState<ThemeChoice>(() => (localStorage.getItem(storageKey) as ThemeChoice | null) ?? "system");
  const systemDark = useSyncExternalStore(followSystem, () => prefersDark.matches);
  const isDark = choice === "system" ? systemDark : choice === "dark";
  useEffect(() => {
    document.documentElement.dataset.theme = isDark ? "dark" : "light";
  }, [isDark]);
  const choose = (c: ThemeChoice) => {
    localStorage.setItem(storageKey, c);
    setChoice(c);
  };
  return (
    <Context value={{ choice, isDark, choose }}>
      <FluentProvider theme={isDark ? dark : light} style={{ height: "100%", background: "var(--colorNeutralBackground2)" }}>{children}</FluentProvider>
    </Context>
  );
}
