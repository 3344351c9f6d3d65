import { expect, test } from "vitest";
import { loadHistory, remember, saveHistory, type Past } from "./history";

const run = (query: string, at: number): Past => ({ query, range: { preset: "24h" }, at, rows: 1, tookMs: 1, failed: false });

test("the same query stands once, newest first, at most fifty", () => {
  let list: Past[] = [];
  for (let i = 0; i < 60; i++) list = remember(list, run(`Q${i}`, i));
  list = remember(list, run("Q30", 99));
  expect(list.length).toBe(50);
  expect(list[0]).toMatchObject({ query: "Q30", at: 99 });
  expect(list.filter((p) => p.query === "Q30").length).toBe(1);
  expect(remember(list, { ...run("Q30", 100), range: { preset: "1h" } }).filter((p) => p.query === "Q30").length).toBe(2);
});

test("what cannot be read is an empty history, what cannot be kept is let go", () => {
  const storage = { value: "{broken", getItem() { return this.value; }, setItem() { throw new Error("full"); }, removeItem() { this.value = ""; } };
  expect(loadHistory(storage as unknown as Storage)).toEqual([]);
  saveHistory(storage as unknown as Storage, [run("Q", 1)]);
  expect(storage.value).toBe("");
});
