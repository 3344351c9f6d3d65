import type { ChartPlan } from "./chartModel";

const light = ["#0f6cbd", "#c2410c", "#0d7a5f", "#8b3fa8", "#a16207", "#be185d", "#3f6212", "#155e75", "#6d28d9", "#7c4a2d"];
const dark = ["#62abf5", "#ff9d66", "#4fd1a5", "#d08fee", "#e3c84a", "#ff8fb8", "#a9d765", "#67d4e8", "#b39bff", "#d6a283"];

/** Turns a planned chart into ECharts options. Labels are given as plain text only, never as HTML. */
export function chartOption(plan: ChartPlan, isDark: boolean): object {
  const ink = isDark ? "#c9d1d8" : "#424b53";
  const line = isDark ? "#333c44" : "#e3e6e9";
  const text = { color: ink, fontFamily: "Inter Variable, sans-serif", fontSize: 11 };
  const common = {
    color: isDark ? dark : light, textStyle: text,
    title: plan.title ? { text: plan.title, left: 14, top: 8, textStyle: { ...text, fontSize: 13, fontWeight: 600 } } : undefined,
    legend: plan.legend ? { type: "scroll", top: plan.title ? 30 : 8, left: 14, right: 14, textStyle: text, icon: "roundRect", itemWidth: 10, itemHeight: 10, pageTextStyle: text } : undefined,
    tooltip: { trigger: plan.shape === "pie" || plan.shape === "scatter" ? "item" : "axis", renderMode: "richText", confine: true, backgroundColor: isDark ? "#12161a" : "#ffffff", borderColor: line, textStyle: text, order: "valueDesc" },
  };
  if (plan.shape === "pie") {
    const data = plan.series[0]?.points.map(([name, value]) => ({ name: String(name), value })) ?? [];
    return { ...common, series: [{ type: "pie", radius: ["38%", "68%"], center: ["50%", "56%"], data, label: { ...text, formatter: "{b}  {d}%" }, itemStyle: { borderColor: isDark ? "#1c2126" : "#ffffff", borderWidth: 1 } }] };
  }
  const x = { type: plan.x.type === "number" ? "value" : plan.x.type, name: plan.x.type === "time" ? "" : plan.x.name, nameLocation: "middle", nameGap: 28, axisLine: { lineStyle: { color: line } }, axisLabel: { ...text, hideOverlap: true }, splitLine: { show: false }, scale: true, ...(plan.x.type === "category" ? { data: plan.x.categories.map(shortTime) } : {}) };
  const y = { type: plan.y.log ? "log" : "value", name: plan.y.name.length > 40 ? "" : plan.y.name, nameLocation: "end", nameTextStyle: { ...text, align: "left" }, min: plan.y.min, max: plan.y.max ?? (plan.stack === "stacked100" ? 100 : undefined), axisLabel: text, splitLine: { lineStyle: { color: line } } };
  const isBar = plan.shape === "bar";
  return {
    ...common, useUTC: true,
    grid: { left: 14, right: 24, top: (plan.title ? 34 : 14) + (plan.legend ? 44 : 20), bottom: plan.x.type === "time" ? 12 : 34, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    xAxis: isBar ? { ...y, nameLocation: "middle", nameGap: 26 } : x,
    yAxis: isBar ? { ...x, inverse: true, name: "" } : y,
    dataZoom: plan.x.type === "time" ? [{ type: "inside", zoomOnMouseWheel: "ctrl" }] : undefined,
    series: (plan.stack === "stacked100" ? percent(plan.series) : plan.series).map((s) => ({
      name: s.name, type: plan.shape === "column" || isBar ? "bar" : plan.shape === "scatter" ? "scatter" : "line", showSymbol: s.points.length === 1, symbolSize: plan.shape === "scatter" ? 6 : 4,
      lineStyle: { width: 1.6 }, areaStyle: plan.shape === "area" ? { opacity: 0.35 } : undefined, stack: plan.stack === "none" ? undefined : "all", barMaxWidth: 42, emphasis: { focus: "series" },
      data: plan.x.type === "category" ? aligned(s.points, plan.x.categories) : s.points,
    })),
  };
}

type Points = ChartPlan["series"][number]["points"];

/** The values of a series in the order of the categories; several of one category add up. */
function aligned(points: Points, categories: string[]): (number | null)[] {
  const sums = new Map<string, number>();
  for (const [x, y] of points) if (y !== null) sums.set(String(x), (sums.get(String(x)) ?? 0) + y);
  return categories.map((c) => sums.get(c) ?? null);
}

/** Shares of the whole at each place, in percent. */
function percent(series: ChartPlan["series"]): ChartPlan["series"] {
  const totals = new Map<string, number>();
  for (const s of series) for (const [x, y] of s.points) totals.set(String(x), (totals.get(String(x)) ?? 0) + (y ?? 0));
  return series.map((s) => ({ ...s, points: s.points.map(([x, y]) => [x, y === null || !totals.get(String(x)) ? null : (100 * y) / totals.get(String(x))!]) }));
}

/** A time as an axis has room for it. */
const shortTime = (label: string) => label.replace(/^(\d{4}-)(\d\d-\d\d)T(\d\d:\d\d)(:\d\d(\.\d+)?)?Z$/, "$2 $3");
