/**
 * Makes characters visible that a screen would hide or obey: controls, those
 * that turn the direction of writing, those without a width. A hostile record
 * must look like what it is. Line breaks and tabs stay.
 */
export function visible(text: string): string {
  return text.replace(hidden, (letter) => `\\u{${letter.codePointAt(0)!.toString(16)}}`);
}

// C0 without tab and line feed, DEL and C1, soft hyphen, Arabic letter mark, zero widths and directions, invisible operators, byte order mark, interlinear and tag characters.
const hidden = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;

/** Bytes as a dump: offset, sixteen bytes in hexadecimal, and what of them is ASCII. */
export function hexDump(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const row = [...bytes.subarray(at, at + 16)];
    const hex = row.map((b) => b.toString(16).padStart(2, "0")).join(" ").padEnd(47);
    lines.push(`${at.toString(16).padStart(6, "0")}  ${hex}  ${row.map((b) => (b >= 0x20 && b < 0x7f ? String.fromCharCode(b) : ".")).join("")}`);
  }
  return lines.join("\n");
}

/** The bytes behind base64. */
export const bytesOf = (base64: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

/** Says a size in the unit that fits: 512 B, 3.4 KiB, 12 MiB. */
export function size(bytes: number): string {
  const names = ["B", "KiB", "MiB", "GiB", "TiB"];
  let at = 0;
  let n = bytes;
  while (n >= 1024 && at < names.length - 1) {
    n /= 1024;
    at++;
  }
  return `${at === 0 || n >= 100 ? Math.round(n).toLocaleString("en-US") : n >= 10 ? n.toFixed(1).replace(/\.0$/, "") : n.toFixed(1)} ${names[at]}`;
}
