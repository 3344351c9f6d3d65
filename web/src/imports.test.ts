import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { expect, test } from "vitest";

const source = import.meta.dirname;
const files = readdirSync(source, { recursive: true, withFileTypes: true })
  .filter((e) => e.isFile() && /\.(ts|tsx)$/.test(e.name))
  .map((e) => relative(source, join(e.parentPath, e.name)));

/** What each part may import of our own; the arrows point downwards only. */
const below: Record<string, string[]> = { app: ["app", "features", "kql", "ui", "api", "lib"], features: ["kql", "ui", "api", "lib"], kql: ["kql", "ui", "api", "lib"], ui: ["ui", "lib"], api: ["api", "lib"], lib: ["lib"] };

/** Returns the files of ours that a file imports, as paths below src. */
function imports(file: string): string[] {
  const text = readFileSync(join(source, file), "utf8");
  return [...text.matchAll(/(?:from|import|import\()\s*"(\.[^"]+)"/g)].map((m) => normalize(join(dirname(file), m[1]!)));
}

test("imports point downwards and features never import features", () => {
  const wrong = files.filter((f) => f.includes("/")).flatMap((file) => {
    const part = file.split("/")[0]!;
    const feature = file.split("/")[1];
    return imports(file).filter((to) => {
      const target = to.split("/")[0]!;
      const isOwn = part === "features" && target === "features" && to.split("/")[1] === feature;
      return !isOwn && !below[part]?.includes(target);
    }).map((to) => `${file} imports ${to}`);
  });
  expect(wrong).toEqual([]);
});

test("only the API client and the stream talk to the server", () => {
  const talkers = files.filter((f) => !f.endsWith(".test.ts") && /\bfetch\(|new EventSource\(|XMLHttpRequest/.test(readFileSync(join(source, f), "utf8")));
  expect(talkers.sort()).toEqual(["api/client.ts", "api/stream.ts"]);
});

test("nothing is ever put into the page as HTML", () => {
  const unsafe = files.filter((f) => f !== "imports.test.ts" && /dangerouslySetInnerHTML|innerHTML|insertAdjacentHTML|document\.write/.test(readFileSync(join(source, f), "utf8")));
  expect(unsafe).toEqual([]);
});

test("no file is longer than 300 lines", () => {
  const long = files.filter((f) => !f.endsWith(".gen.ts") && readFileSync(join(source, f), "utf8").split("\n").length > 300);
  expect(long).toEqual([]);
});

test("every feature has the same names", () => {
  const odd = files.filter((f) => /^features\/[^/]+\/[^/]+$/.test(f) && !/(Page\.tsx|queries\.ts|model\.ts|url\.ts|draft\.ts|focus\.ts|\.test\.ts)$/.test(f));
  expect(odd).toEqual([]);
});
