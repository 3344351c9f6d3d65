import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/App";
import { takeLink } from "./app/link";

const link = takeLink(location, history);
createRoot(document.getElementById("root")!).render(<StrictMode><App link={link} /></StrictMode>);
