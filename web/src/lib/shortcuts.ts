/** One action: its id, what it does, its keys ("" for none) and where it is possible. */
export interface Shortcut {
  title: string;
  keys: string;
  group: "Everywhere" | "Incident queue" | "Incident" | "Hunting" | "Dead letters" | "Retention";
}

/**
 * The one table of actions. Pages attach handlers by id; the help, the command
 * palette and the key listener all read this. Keys are as on the caps: "Ctrl+K"
 * together, "g i" one after the other.
 */
export const shortcuts = {
  "app.palette": { title: "Command palette", keys: "Ctrl+k", group: "Everywhere" },
  "app.help": { title: "Keyboard shortcuts", keys: "?", group: "Everywhere" },
  "go.incidents": { title: "Go to incidents", keys: "g i", group: "Everywhere" },
  "go.hunting": { title: "Go to hunting", keys: "g h", group: "Everywhere" },
  "go.detections": { title: "Go to detections", keys: "g d", group: "Everywhere" },
  "go.sources": { title: "Go to sources", keys: "g s", group: "Everywhere" },
  "go.letters": { title: "Go to dead letters", keys: "g l", group: "Everywhere" },
  "go.retention": { title: "Go to retention", keys: "g r", group: "Everywhere" },
  "theme.light": { title: "Theme: light", keys: "", group: "Everywhere" },
  "theme.dark": { title: "Theme: dark", keys: "", group: "Everywhere" },
  "theme.system": { title: "Theme: follow the system", keys: "", group: "Everywhere" },
  "app.signOut": { title: "Sign out", keys: "", group: "Everywhere" },
  "queue.next": { title: "Next incident", keys: "j", group: "Incident queue" },
  "queue.previous": { title: "Previous incident", keys: "k", group: "Incident queue" },
  "queue.open": { title: "Open incident", keys: "Enter", group: "Incident queue" },
  "queue.select": { title: "Select or unselect", keys: "x", group: "Incident queue" },
  "queue.assignMe": { title: "Assign to me", keys: "a", group: "Incident queue" },
  "queue.search": { title: "Search incidents", keys: "/", group: "Incident queue" },
  "queue.clear": { title: "Clear selection", keys: "Escape", group: "Incident queue" },
  "incident.assignMe": { title: "Assign to me", keys: "a", group: "Incident" },
  "incident.comment": { title: "Write a comment", keys: "m", group: "Incident" },
  "incident.manage": { title: "Manage incident", keys: "e", group: "Incident" },
  "incident.close": { title: "Close incident", keys: "c", group: "Incident" },
  "incident.copyLink": { title: "Copy link", keys: "y", group: "Incident" },
  "incident.copyMarkdown": { title: "Copy as Markdown summary", keys: "", group: "Incident" },
  "incident.back": { title: "Back to the queue", keys: "u", group: "Incident" },
  "hunting.run": { title: "Run query at the cursor", keys: "Shift+Enter", group: "Hunting" },
  "hunting.cancel": { title: "Cancel the running query", keys: "", group: "Hunting" },
  "hunting.format": { title: "Format query", keys: "", group: "Hunting" },
  "hunting.copyLink": { title: "Copy link to query", keys: "", group: "Hunting" },
  "letters.next": { title: "Next letter", keys: "j", group: "Dead letters" },
  "letters.previous": { title: "Previous letter", keys: "k", group: "Dead letters" },
  "letters.open": { title: "Open letter", keys: "Enter", group: "Dead letters" },
  "letters.select": { title: "Select or unselect", keys: "x", group: "Dead letters" },
  "letters.replay": { title: "Replay letters", keys: "r", group: "Dead letters" },
  "letters.discard": { title: "Discard letters", keys: "d", group: "Dead letters" },
  "letters.search": { title: "Search reasons", keys: "/", group: "Dead letters" },
  "letters.close": { title: "Close letter or clear selection", keys: "Escape", group: "Dead letters" },
  "retention.tables": { title: "Show tables", keys: "1", group: "Retention" },
  "retention.holds": { title: "Show holds", keys: "2", group: "Retention" },
  "retention.deletions": { title: "Show what was deleted", keys: "3", group: "Retention" },
  "retention.hold": { title: "Set a hold", keys: "n", group: "Retention" },
  "retention.search": { title: "Search tables", keys: "/", group: "Retention" },
  "retention.close": { title: "Close hold", keys: "Escape", group: "Retention" },
} as const satisfies Record<string, Shortcut>;

export type ActionId = keyof typeof shortcuts;

/** Says which keys were pressed, as written in the table: "Ctrl+k", "?", "j". */
export function pressed(event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">): string {
  const chord = [event.ctrlKey || event.metaKey ? "Ctrl" : "", event.altKey ? "Alt" : "", event.shiftKey && event.key.length > 1 ? "Shift" : ""];
  const key = event.key.length === 1 && !event.shiftKey ? event.key.toLowerCase() : event.key;
  return [...chord.filter(Boolean), key].join("+");
}

/**
 * Finds the action among those possible that the keys ask for. before is the
 * key pressed just earlier, "" if none; a sequence wins over a single key.
 */
export function actionFor(possible: Iterable<ActionId>, before: string, key: string): ActionId | undefined {
  let single: ActionId | undefined;
  for (const id of possible) {
    const keys: string = shortcuts[id].keys;
    if (before && keys === `${before} ${key}`) return id;
    if (keys === key) single = id;
  }
  return single;
}
