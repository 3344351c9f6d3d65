import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { RouteError } from "./ErrorBoundary";
import { NotFound } from "./NotFound";
import { Shell } from "./Shell";

/** Search parameters are flat text; each feature's url.ts gives them meaning. */
export type Search = Record<string, string | undefined>;
const asText = (search: Record<string, unknown>): Search => search as Search;

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound, errorComponent: RouteError });
const home = createRoute({ getParentRoute: () => root, path: "/", beforeLoad: () => { throw redirect({ to: "/incidents" }); } });
const incidents = createRoute({ getParentRoute: () => root, path: "/incidents", validateSearch: asText, component: lazyRouteComponent(() => import("../features/incidents/IncidentsPage")) });
const incident = createRoute({ getParentRoute: () => root, path: "/incidents/$number", component: lazyRouteComponent(() => import("../features/incidents/IncidentPage")) });
const hunting = createRoute({ getParentRoute: () => root, path: "/hunting", validateSearch: asText, component: lazyRouteComponent(() => import("../features/hunting/HuntingPage")) });
const detections = createRoute({ getParentRoute: () => root, path: "/detections", validateSearch: asText, component: lazyRouteComponent(() => import("../features/detections/DetectionsPage")) });
const sources = createRoute({ getParentRoute: () => root, path: "/sources", component: lazyRouteComponent(() => import("../features/sources/SourcesPage")) });
const letters = createRoute({ getParentRoute: () => root, path: "/dead-letters", validateSearch: asText, component: lazyRouteComponent(() => import("../features/letters/LettersPage")) });
const retention = createRoute({ getParentRoute: () => root, path: "/retention", validateSearch: asText, component: lazyRouteComponent(() => import("../features/retention/RetentionPage")) });

export function makeRouter() {
  return createRouter({
    routeTree: root.addChildren([home, incidents, incident, hunting, detections, sources, letters, retention]),
    defaultErrorComponent: RouteError,
    defaultPreload: "intent",
    scrollRestoration: false,
    parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
    stringifySearch: (search) => {
      const text = new URLSearchParams(Object.entries(search).filter((p): p is [string, string] => typeof p[1] === "string" && p[1] !== "")).toString();
      return text ? `?${text}` : "";
    },
  });
}

declare module "@tanstack/react-router" {
  interface Register { router: ReturnType<typeof makeRouter> }
  /** run: a link inside Tocsin asks the hunting page to run its query at once. An address alone never runs anything. */
  interface HistoryState { run?: boolean }
}
