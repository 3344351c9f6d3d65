import { expect, test } from "vitest";
import { unitsAt } from "./utf8";

test.each([["abc", 2, 2], ["äbc", 2, 1], ["€uro", 3, 1], ["a😀b", 5, 3], ["abc", 99, 3], ["", 4, 0]])("%j at byte %d is unit %d", (text, byte, want) =>
  expect(unitsAt(text, byte)).toBe(want));
