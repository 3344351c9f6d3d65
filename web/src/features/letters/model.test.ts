import { expect, test } from "vitest";
import type { DeadLetter, DeadLetterGroup, ReplayResult } from "../../api/types.gen";
import { historyOf, faultIn, isChosen, newestFirst, outcomeOf, reasonParts } from "./model";

const result = (change: Partial<ReplayResult>): ReplayResult => ({ tried: 0, stored: 0, duplicates: 0, filtered: 0, failed: 0, skipped: 0, events: 0, alerts: 0, reasons: [], isCut: false, preview: [], ...change });
const letter = (change: Partial<DeadLetter>): DeadLetter => ({ id: "1", source: "s", sender: "", position: "1", format: "row", table: "", reason: "r", raw: "", rawEncoding: "utf-8", rawLength: 0, isTruncated: false, state: "open", outcome: "", attempts: 0, receivedAt: "2026-11-22T10:00:00Z", resolvedAt: null, resolvedBy: "", note: "", ...change });

test("an outcome names every count there is, and says when there was nothing", () => {
  expect(outcomeOf(result({ tried: 3, stored: 2, events: 4, failed: 1, skipped: 1 }), false)).toBe("2 records stored as 4 rows; 1 still dead; 1 not tried.");
  expect(outcomeOf(result({ tried: 1, stored: 1 }), true)).toBe("1 record would be stored.");
  expect(outcomeOf(result({ tried: 1, duplicates: 1 }), false)).toBe("1 stored before, so nothing was added.");
  expect(outcomeOf(result({}), false)).toBe("No letter is open here any more.");
});

test("the history of a letter", () => {
  expect(historyOf(letter({ attempts: 2 })).map((s) => s.text)).toEqual(["Received and kept as a dead letter", "Replayed 2 times without success"]);
  expect(historyOf(letter({ state: "discarded", resolvedBy: "amelie", note: "a load test", resolvedAt: "2026-11-22T11:00:00Z" })).at(-1)).toEqual({ at: "2026-11-22T11:00:00Z", text: "Discarded by amelie", detail: "a load test" });
  expect(historyOf(letter({ state: "replayed", outcome: "duplicate" })).at(-1)?.detail).toContain("stored already");
});

test("groups come newest first, and one of them is looked at", () => {
  const group = (reason: string, last: string, table = ""): DeadLetterGroup => ({ reason, example: reason, letter: "1", source: "s", table, count: 1, first: last, last });
  expect(newestFirst([group("a", "2026-11-21T10:00:00Z"), group("b", "2026-11-22T10:00:00Z")]).map((g) => g.reason)).toEqual(["b", "a"]);
  expect(isChosen(group("a", ""), { kind: "a", table: "-", of: "s" })).toBe(true);
  expect(isChosen(group("a", "", "T"), { kind: "a", table: "-", of: "s" })).toBe(false);
});

test("a reason is split where its advice begins", () => {
  expect(reasonParts("the shape is not known: it has neither a nor b. Write a mapping for it")).toEqual({ wrong: "The shape is not known: it has neither a nor b.", mend: "Write a mapping for it." });
  expect(reasonParts('column X: at 3. character "x"')).toEqual({ wrong: 'Column X: at 3. character "x".', mend: "" });
  expect(reasonParts("the JSON text ends early").mend).toContain("cut off");
});

test("the byte that a reason names is found in the text, also after letters of several bytes", () => {
  expect(faultIn("invalid JSON at byte 5: a value is expected", '{"a":NaN}')).toEqual(['{"a":', "N", "aN}"]);
  expect(faultIn("invalid JSON at byte 6: a value is expected", '{"ü":NaN}')).toEqual(['{"ü":', "N", "aN}"]);
  expect(faultIn("invalid JSON at byte 900: a value is expected", '{"a":NaN}')).toBeNull();
  expect(faultIn("the JSON text ends early", "{")).toBeNull();
});
