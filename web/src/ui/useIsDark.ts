import { useSyncExternalStore } from "react";

const watch = (changed: () => void) => {
  const observer = new MutationObserver(changed);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  return () => observer.disconnect();
};

/** Says whether the page is dark now: for what cannot follow CSS variables, as editors and charts. */
export const useIsDark = () => useSyncExternalStore(watch, () => document.documentElement.dataset.theme === "dark");
