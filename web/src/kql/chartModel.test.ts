import { expect, test } from "vitest";
import type { Column, Json, ResultTable } from "../api/types.gen";
import { maxSeries, planChart, type ChartPlan } from "./chartModel";

const table = (columns: string, rows: Json[][]): ResultTable => ({ name: "", columns: columns.split(" ").map((c): Column => { const [name, type] = c.split(":"); return { name: name!, type: type! }; }), rows, truncated: false, rowCount: rows.length });
const plan = (t: ResultTable, visualization: string, properties: Record<string, string> = {}) => planChart(t, { visualization, properties });
const drawn = (p: ChartPlan | string) => { if (typeof p === "string") throw new Error(p); return p; };

const perHour = table("At:datetime App:string n:long", [["2026-11-21T11:00:00Z", "b", 3], ["2026-11-21T10:00:00Z", "a", 1], ["2026-11-21T10:00:00Z", "b", null]]);

test("a timechart splits by text columns and sorts by time", () => {
  const p = drawn(plan(perHour, "timechart", { title: "T", legend: "visible" }));
  expect(p.shape).toBe("line");
  expect(p.series.map((s) => [s.name, s.points.length])).toEqual([["b", 2], ["a", 1]]);
  expect(p.series[0]!.points).toEqual([[Date.parse("2026-11-21T10:00:00Z"), null], [Date.parse("2026-11-21T11:00:00Z"), 3]]);
  expect([p.title, p.x.type, p.y.name, p.legend]).toEqual(["T", "time", "n", true]);
});

test("several measures are several series", () => {
  const p = drawn(plan(table("k:string a:long b:real", [["x", 1, 2.5]]), "columnchart", { kind: "stacked", ymin: "0" }));
  expect(p.series.map((s) => s.name)).toEqual(["a", "b"]);
  expect([p.stack, p.x.categories, p.y.min]).toEqual(["stacked", ["x"], 0]);
  expect(drawn(plan(table("k:string g:string a:long b:real", [["x", "s", 1, 2]]), "barchart")).series.map((s) => s.name)).toEqual(["s: a", "s: b"]);
});

test("named columns win", () => {
  const p = drawn(plan(table("a:long b:long c:string", [[1, 2, "s"]]), "scatterchart", { xcolumn: "b", ycolumns: "a", series: "c" }));
  expect([p.x.name, p.series[0]!.name, p.series[0]!.points]).toEqual(["b", "s", [[2, 1]]]);
});

test("a pie sums its slices and says what it joins", () => {
  const rows = Array.from({ length: maxSeries + 3 }, (_, i) => [`k${i}`, 100 - i]);
  const p = drawn(plan(table("k:string n:long", [...rows, ["k0", 5]]), "piechart"));
  expect(p.series[0]!.points[0]).toEqual(["k0", 105]);
  expect(p.series[0]!.points.length).toBe(maxSeries + 1);
  expect(p.notice).toContain("3 smallest");
});

test("too many series: the largest, and it says so", () => {
  const rows = Array.from({ length: 60 }, (_, i) => ["2026-11-21T10:00:00Z", `s${i}`, i]);
  const p = drawn(plan(table("t:datetime s:string n:long", rows), "timechart"));
  expect(p.series.length).toBe(maxSeries);
  expect(p.series.at(-1)!.name).toBe("s59");
  expect(p.notice).toBe(`The ${maxSeries} largest of 60 series are drawn; the table has all.`);
});

test("what cannot be drawn says why", () => {
  expect(plan(perHour, "treemap")).toContain("treemap");
  expect(plan(table("k:string n:long", []), "timechart")).toContain("datetime");
  expect(plan(table("k:string", []), "columnchart")).toContain("numbers");
  expect(plan(perHour, "table")).toBe("");
});
