import { BarChart, LineChart, PieChart, ScatterChart } from "echarts/charts";
import { DataZoomComponent, GridComponent, LegendComponent, TitleComponent, TooltipComponent } from "echarts/components";
import { init, use as register, type ECharts, type EChartsCoreOption } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { useEffect, useRef } from "react";
import type { ChartPlan } from "./chartModel";
import styles from "./Chart.module.css";
import { chartOption } from "./chartOption";

register([BarChart, LineChart, PieChart, ScatterChart, DataZoomComponent, GridComponent, LegendComponent, TitleComponent, TooltipComponent, CanvasRenderer]);

/** Draws a planned chart; its colours follow the theme and its size the pane. */
export default function Chart({ plan, isDark }: { plan: ChartPlan; isDark: boolean }) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<ECharts>(null);
  useEffect(() => {
    const drawn = init(place.current);
    chart.current = drawn;
    const observer = new ResizeObserver(() => drawn.resize());
    observer.observe(place.current!);
    return () => {
      observer.disconnect();
      drawn.dispose();
    };
  }, []);
  useEffect(() => {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    chart.current?.setOption({ ...chartOption(plan, isDark), animation: !still, animationDuration: 250 } as EChartsCoreOption, true);
  }, [plan, isDark]);
  return (
    <figure className={styles.figure}>
      <div ref={place} className={styles.chart} role="img" aria-label={`${plan.title || "Chart"}: ${plan.y.name} by ${plan.x.name}, ${plan.series.length} series. The table has the values.`} />
      {plan.notice && <figcaption className={styles.notice}>{plan.notice}</figcaption>}
    </figure>
  );
}
