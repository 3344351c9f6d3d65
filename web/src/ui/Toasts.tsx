import { Toast, ToastTitle, Toaster, useId, useToastController } from "@fluentui/react-components";
import { createContext, use, useCallback, type ReactNode } from "react";

type Say = (text: string, intent?: "success" | "error" | "info") => void;
const Context = createContext<Say>(() => {});

/** Says something briefly at the bottom of the window; screen readers hear it. */
export const useSay = (): Say => use(Context);

export function ToastsProvider({ children }: { children: ReactNode }) {
  const toaster = useId("toaster");
  const { dispatchToast } = useToastController(toaster);
  const say: Say = useCallback((text, intent = "success") => {
    dispatchToast(<Toast><ToastTitle>{text}</ToastTitle></Toast>, { intent, timeout: intent === "error" ? 8000 : 3000, politeness: intent === "error" ? "assertive" : "polite" });
  }, [dispatchToast]);
  return (
    <Context value={say}>
      {children}
      <Toaster toasterId={toaster} position="bottom" limit={4} />
    </Context>
  );
}
