import { expect, test } from "vitest";
import { parseExact } from "./exactJson";

let hasSource = false;
JSON.parse("1", function (this: unknown, _k: string, v: unknown, context?: { source?: string }) { hasSource = context?.source === "1"; return v; } as Parameters<typeof JSON.parse>[1]);

test("ordinary JSON is as ever", () => {
  expect(parseExact('{"a":[1,2.5,"9223372036854775807",null]}')).toEqual({ a: [1, 2.5, "9223372036854775807", null] });
});

test.skipIf(!hasSource)("a 64-bit integer keeps its digits", () => {
  expect(parseExact('[[9223372036854775807, -9007199254740993, 9007199254740991, 0.12345678901234567]]')).toEqual([["9223372036854775807", "-9007199254740993", 9007199254740991, 0.12345678901234567]]);
});
