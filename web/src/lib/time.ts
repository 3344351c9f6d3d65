/** Times are RFC 3339 text from the server; now is always a parameter, in milliseconds. */

const units: [string, number][] = [["d", 86_400], ["h", 3_600], ["m", 60], ["s", 1]];

/** Says a span in its two largest units: 3d 4h, 12m 5s, 0s. */
export function span(milliseconds: number): string {
  let rest = Math.max(0, Math.round(milliseconds / 1000));
  const at = units.findIndex(([, size]) => rest >= size);
  if (at < 0) return "0s";
  return units
    .slice(at, at + 2)
    .map(([name, size]) => {
      const n = Math.floor(rest / size);
      rest -= n * size;
      return n > 0 ? `${n}${name}` : "";
    })
    .filter(Boolean)
    .join(" ");
}

/** Says how long ago a time was, in one unit: now, 5m, 3h, 12d; "in 5m" for the future. */
export function ago(time: string, now: number): string {
  const seconds = Math.round((now - Date.parse(time)) / 1000);
  if (Math.abs(seconds) < 5) return "now";
  const [name, size] = units.find(([, s]) => Math.abs(seconds) >= s) ?? ["s", 1];
  const text = `${Math.floor(Math.abs(seconds) / size)}${name}`;
  return seconds < 0 ? `in ${text}` : text;
}

/** Says a time exactly: 2026-11-21 14:02:07 UTC. */
export function utc(time: string): string {
  const at = new Date(time);
  if (Number.isNaN(at.getTime())) return time;
  return `${at.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** Says the clock of a time: 14:02:07. */
export function clock(time: string): string {
  return utc(time).slice(11, 19);
}

/** Says the day of a time: 2026-11-21. */
export function day(time: string): string {
  return utc(time).slice(0, 10);
}

/** Reads what was typed as a time in UTC: 2026-11-21 or 2026-11-21 14:00[:30]; null when it is none. */
export function readTime(text: string): string | null {
  const found = /^\s*(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d)?)?\s*(?:Z|UTC)?\s*$/.exec(text);
  if (!found) return null;
  const at = new Date(`${found[1]}T${found[2] ?? "00:00"}${found[3] ?? ":00"}Z`);
  // Date rolls 30 February over to March; that is not what was typed.
  return Number.isNaN(at.getTime()) || at.toISOString().slice(0, 10) !== found[1] ? null : at.toISOString();
}
