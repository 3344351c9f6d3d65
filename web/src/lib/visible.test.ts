import { expect, test } from "vitest";
import { bytesOf, hexDump, size, visible } from "./visible";

test("what a screen would hide or obey is written out, the rest stays", () => {
  expect(visible("user\u202egnp.exe\u0000\u200b\u{e0041}")).toBe("user\\u{202e}gnp.exe\\u{0}\\u{200b}\\u{e0041}");
  expect(visible("a\tb\nMüller – 東京 👩")).toBe("a\tb\nMüller – 東京 👩");
});

test("bytes are dumped sixteen to a line", () => {
  expect(hexDump(bytesOf(btoa("\xff\xfeABCDEFGHIJKLMNOP")))).toBe("000000  ff fe 41 42 43 44 45 46 47 48 49 4a 4b 4c 4d 4e  ..ABCDEFGHIJKLMN\n000010  4f 50                                            OP");
  expect(hexDump(new Uint8Array())).toBe("");
});

test("sizes have the unit that fits", () => {
  expect([0, 1023, 1024, 12_897_484, 5 * 2 ** 40].map(size)).toEqual(["0 B", "1,023 B", "1.0 KiB", "12.3 MiB", "5.0 TiB"]);
});
