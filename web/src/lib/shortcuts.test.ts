import { expect, test } from "vitest";
import { actionFor, pressed, shortcuts, type ActionId } from "./shortcuts";

const key = (k: string, more = {}) => pressed({ key: k, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more });

test("keys read as on the caps", () => {
  expect(key("j")).toBe("j");
  expect(key("?", { shiftKey: true })).toBe("?");
  expect(key("k", { ctrlKey: true })).toBe("Ctrl+k");
  expect(key("k", { metaKey: true })).toBe("Ctrl+k");
  expect(key("Enter", { shiftKey: true })).toBe("Shift+Enter");
});

test("a sequence wins over its last key alone", () => {
  const all = Object.keys(shortcuts) as ActionId[];
  expect(actionFor(all, "g", "i")).toBe("go.incidents");
  expect(actionFor(["queue.next"], "g", "j")).toBe("queue.next");
  expect(actionFor(["queue.next"], "", "q")).toBeUndefined();
});

test("no two actions of one page share keys", () => {
  const seen = new Map<string, string>();
  for (const [id, s] of Object.entries(shortcuts)) {
    if (!s.keys) continue;
    for (const group of s.group === "Everywhere" ? ["Incident queue", "Incident", "Hunting"] : [s.group]) {
      const place = `${group} ${s.keys}`;
      expect(seen.get(place), place).toBeUndefined();
      seen.set(place, id);
    }
  }
});
