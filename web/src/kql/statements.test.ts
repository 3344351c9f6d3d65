import { expect, test } from "vitest";
import { statementAt, statements } from "./statements";

const text = "// first\nA\n| take 1\n\n\nB\n| where x == ```a\n\nb```\n\n  \r\nC\r\n| count";

test("blank lines separate queries, not those inside a long string", () => {
  expect(statements(text).map((s) => s.text)).toEqual(["// first\nA\n| take 1", "B\n| where x == ```a\n\nb```", "C\r\n| count"]);
  for (const s of statements(text)) expect(text.slice(s.start, s.end)).toBe(s.text);
});

test("the query at the cursor, or the one before the cursor", () => {
  expect(statementAt(text, 0)?.text).toContain("first");
  expect(statementAt(text, text.indexOf("| take") + 8)?.text).toContain("take");
  expect(statementAt(text, text.indexOf("B") - 1)?.text).toContain("take");
  expect(statementAt(text, text.length)?.text).toContain("count");
  expect(statementAt("", 0)).toBeNull();
  expect(statementAt("\n\nX", 0)?.text).toBe("X");
});

test("a comment standing alone is no query", () => {
  expect(statements("// notes\n\nT\n\n// end").map((s) => s.text)).toEqual(["T"]);
  expect(statementAt("// only notes", 3)).toBeNull();
});
