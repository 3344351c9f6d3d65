import { expect, test } from "vitest";
import { fuzzy } from "./fuzzy";

test("letters in order match, others do not", () => {
  expect(fuzzy("hnt", "Go to hunting")).not.toBeNull();
  expect(fuzzy("tnh", "Hunt")).toBeNull();
  expect(fuzzy("", "anything")).not.toBeNull();
});

test("a run beats scattered letters, and a word start beats its middle", () => {
  expect(fuzzy("theme", "Theme: dark")!).toBeGreaterThan(fuzzy("theme", "the memo")!);
  expect(fuzzy("gh", "Go to hunting")!).toBeGreaterThan(fuzzy("gh", "Weight hut")! - 3);
});
