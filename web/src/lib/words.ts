/** Says a camelCase or PascalCase name in words: suspiciousButExpected → Suspicious but expected. */
export function words(name: string): string {
  const spaced = name.replace(/([a-z0-9])([A-Z])/g, "$1 $2");
  return spaced.charAt(0).toUpperCase() + spaced.slice(1).toLowerCase();
}

/** Says an ATT&CK tactic as ATT&CK writes it: CommandAndControl → Command and Control. */
export function tacticName(name: string): string {
  return name.replace(/([a-z])([A-Z])/g, "$1 $2").replace(" And ", " and ");
}

/** Begins a sentence: the first letter becomes a capital. */
export const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Says a count with its noun: 1 alert, 3 alerts, 1,204 alerts. */
export function count(n: number, noun: string, plural = `${noun}s`): string {
  return `${n.toLocaleString("en-US")} ${n === 1 ? noun : plural}`;
}

/** Says the kind of a detection rule: Sigma, Scheduled, NRT. */
export const ruleKindName = (kind: string) => (kind === "nrt" ? "NRT" : words(kind));
