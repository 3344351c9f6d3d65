import { expect, test } from "vitest";
import { toCsv } from "./csv";

test("quotes what needs quotes", () => {
  expect(toCsv(["a", "b"], [['say "hi"', "x,y"], ["line\nbreak", ""]])).toBe('a,b\r\n"say ""hi""","x,y"\r\n"line\nbreak",\r\n');
});

test("disarms formulas and leaves negative numbers alone", () => {
  expect(toCsv(["a"], [["=cmd|' /C calc'!A0"], ["-12.5"], ["-1+2"], ["@x"]])).toBe("a\r\n'=cmd|' /C calc'!A0\r\n-12.5\r\n'-1+2\r\n'@x\r\n");
});
