import type { Column, Render, ResultTable } from "../api/types.gen";
import { cellText, isNumeric, type Row } from "./gridModel";

/** A chart, before any library: what is drawn along which axis. */
export interface ChartPlan {
  shape: "line" | "area" | "column" | "bar" | "pie" | "scatter";
  x: { name: string; type: "time" | "number" | "category"; categories: string[] };
  series: { name: string; points: [number | string, number | null][] }[];
  stack: "none" | "stacked" | "stacked100";
  y: { name: string; log: boolean; min?: number; max?: number };
  title: string;
  legend: boolean;
  notice: string; // what is not drawn, for the reader; empty when all is
}

const shapes: Record<string, ChartPlan["shape"]> = {
  timechart: "line", linechart: "line", areachart: "area", stackedareachart: "area", columnchart: "column", barchart: "bar", piechart: "pie", scatterchart: "scatter",
};

/** The most series and slices that can be told apart. */
export const maxSeries = 40;

/** Plans the chart a render operator asks for; a text says why there is none. */
export function planChart(table: ResultTable, render: Render): ChartPlan | string {
  const shape = shapes[render.visualization];
  if (render.visualization === "table") return "";
  if (!shape) return `Charts of kind ${render.visualization} are not drawn yet; this is the table.`;
  const option = (name: string) => render.properties[name]?.trim() ?? "";
  const named = (name: string) => option(name).split(",").map((n) => table.columns.findIndex((c) => c.name === n.trim())).filter((i) => i >= 0);
  const x = named("xcolumn")[0] ?? pickX(table.columns, shape, render.visualization === "timechart");
  if (x < 0) return `A ${render.visualization} needs ${render.visualization === "timechart" ? "a datetime column" : "a column for its axis"}; this is the table.`;
  const asked = named("ycolumns");
  const ys = asked.length ? asked : table.columns.flatMap((c, i) => (i !== x && isNumeric(c.type) ? [i] : []));
  if (ys.length === 0) return `A ${render.visualization} needs a column of numbers; this is the table.`;
  const split = named("series");
  const by = split.length ? split : shape === "pie" ? [] : table.columns.flatMap((c, i) => (i !== x && !ys.includes(i) && !isNumeric(c.type) && c.type !== "datetime" && c.type !== "dynamic" ? [i] : []));
  const xType = axisType(table.columns[x]!, shape);
  const all = collect(table, x, ys, by, xType);
  const { series, notice } = shape === "pie" ? slices(all) : largest(all);
  const kind = option("kind");
  const stack = kind === "stacked100" ? "stacked100" : kind === "stacked" || (shape === "area" && kind !== "unstacked") || render.visualization === "stackedareachart" ? "stacked" : "none";
  const bound = (name: string) => (option(name) !== "" && Number.isFinite(Number(option(name))) ? Number(option(name)) : undefined);
  return {
    shape, series, notice, stack, title: option("title"), legend: option("legend") !== "hidden" && (series.length > 1 || shape === "pie"),
    x: { name: option("xtitle") || table.columns[x]!.name, type: xType, categories: xType === "category" ? [...new Set(table.rows.map((r) => cellText(r[x])))] : [] },
    y: { name: option("ytitle") || ys.map((i) => table.columns[i]!.name).join(", "), log: option("yaxis") === "log", min: bound("ymin"), max: bound("ymax") },
  };
}

function pickX(columns: Column[], shape: ChartPlan["shape"], needsTime: boolean): number {
  const time = columns.findIndex((c) => c.type === "datetime");
  if (needsTime) return time;
  if (shape === "line" || shape === "area") return time >= 0 ? time : 0;
  if (shape === "scatter") return 0;
  const text = columns.findIndex((c) => !isNumeric(c.type));
  return text >= 0 ? text : 0;
}

function axisType(column: Column, shape: ChartPlan["shape"]): ChartPlan["x"]["type"] {
  if (shape === "pie" || shape === "bar") return "category";
  if (column.type === "datetime") return shape === "column" ? "category" : "time";
  return isNumeric(column.type) && shape !== "column" ? "number" : "category";
}

type Series = ChartPlan["series"];

function collect(table: ResultTable, x: number, ys: number[], by: number[], xType: string): Series {
  const series = new Map<string, Series[number]>();
  for (const row of table.rows as Row[]) {
    const group = by.map((i) => cellText(row[i])).join(", ");
    for (const y of ys) {
      const measure = table.columns[y]!.name;
      const name = by.length === 0 ? measure : ys.length > 1 ? `${group}: ${measure}` : group || "(empty)";
      const line = series.get(name) ?? { name, points: [] };
      const at = xType === "time" ? Date.parse(cellText(row[x])) : xType === "number" ? Number(row[x]) : cellText(row[x]);
      const value = row[y] === null || row[y] === undefined ? null : Number(row[y]);
      line.points.push([at, value !== null && Number.isFinite(value) ? value : null]);
      series.set(name, line);
    }
  }
  if (xType !== "category") for (const line of series.values()) line.points.sort((a, b) => Number(a[0]) - Number(b[0]));
  return [...series.values()];
}

const total = (points: [unknown, number | null][]) => points.reduce((sum, [, y]) => sum + Math.abs(y ?? 0), 0);

/** Keeps the largest series when there are more than can be told apart, and says so. */
function largest(all: Series): { series: Series; notice: string } {
  if (all.length <= maxSeries) return { series: all, notice: "" };
  const kept = new Set([...all].sort((a, b) => total(b.points) - total(a.points)).slice(0, maxSeries));
  return { series: all.filter((s) => kept.has(s)), notice: `The ${maxSeries} largest of ${all.length} series are drawn; the table has all.` };
}

/** Sums the first measure per slice; small slices beyond what can be told apart become one. */
function slices(all: Series): { series: Series; notice: string } {
  const sums = new Map<string, number>();
  for (const [x, y] of all[0]?.points ?? []) sums.set(String(x), (sums.get(String(x)) ?? 0) + (y ?? 0));
  const sorted = [...sums].sort((a, b) => b[1] - a[1]);
  const points: [string, number][] = sorted.slice(0, maxSeries);
  const rest = sorted.slice(maxSeries);
  if (rest.length) points.push(["other", rest.reduce((sum, [, y]) => sum + y, 0)]);
  return { series: [{ name: all[0]?.name ?? "", points }], notice: rest.length ? `The ${rest.length} smallest slices are drawn as one.` : "" };
}
