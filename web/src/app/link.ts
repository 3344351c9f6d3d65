/**
 * Takes the token of a one-time sign-in link out of the address. It must run
 * before the router and before anything is fetched, so that the token is
 * neither in the history nor in a referrer.
 */
export function takeLink(location: Location, history: History): string | null {
  const place = location.hash.startsWith("#/signin") ? new URL(location.hash.slice(1), location.origin) : new URL(location.href);
  if (place.pathname !== "/signin") return null;
  const token = place.searchParams.get("link");
  history.replaceState(null, "", "/");
  return token;
}
