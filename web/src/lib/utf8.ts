/** Turns a byte offset in the UTF-8 form of text into an offset in UTF-16 units, as editors count. */
export function unitsAt(text: string, byte: number): number {
  let bytes = 0;
  let units = 0;
  for (const letter of text) {
    if (bytes >= byte) break;
    const code = letter.codePointAt(0)!;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    units += letter.length;
  }
  return units;
}
