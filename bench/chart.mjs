/** Draws the two charts of the report as SVG. */
import { LineChart, ScatterChart } from "echarts/charts";
import { GridComponent, LegendComponent, MarkLineComponent, TitleComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { besideOurs, oursOf } from "./faster.mjs";
import { count, time } from "./format.mjs";
import { runtimesOf } from "./runtimes.mjs";

/** @import { Case, Row } from "./types.mjs" */

use([
  LineChart,
  ScatterChart,
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  TitleComponent,
  SVGRenderer,
]);

const color = [
  ...["#2a9d5c", "#4269d0", "#efb118", "#d1495b", "#6cc5b0", "#a463f2", "#97bbf5", "#9c6b4e"],
  ...["#9498a0", "#ff8ab7", "#1b3a6b", "#7a9a01", "#e4572e", "#00a6d6"],
];

/** @type {(option: object, width: number, height: number) => string} */
function draw(option, width, height) {
  const chart = init(null, null, { renderer: "svg", ssr: true, width, height });
  chart.setOption({ animation: false, backgroundColor: "#fff", color, ...option });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg}\n`;
}

/**
 * The time of every peer as a multiple of this library's: one line per peer, one dot per runtime.
 *
 * @type {(cases: Case[], rows: Row[]) => string}
 */
export function peersChart(cases, rows) {
  const points = cases.flatMap((benchmark) => {
    const own = rows.filter(({ case: name, n }) => name === benchmark.name && n === undefined);
    return own
      .filter(({ subject }) => !benchmark.subjects[subject]?.ours)
      .map((row) => ({
        label: `${row.subject} / ${oursOf(benchmark)}, ${row.case}`,
        runtime: row.runtime,
        times: besideOurs(benchmark, row, own)?.median,
      }))
      .filter(({ times }) => times !== undefined);
  });
  const labels = [...new Set(points.map(({ label }) => label))];
  const title = "Time of every peer as a multiple of this library's (to the left of 1: the peer is faster)";
  const option = {
    title: { text: title },
    legend: { top: 32, itemGap: 40 },
    grid: { left: 430, right: 30, top: 70, bottom: 30 },
    xAxis: { type: "log" },
    yAxis: { type: "category", inverse: true, data: labels, axisLabel: { interval: 0 } },
    series: runtimesOf(points).map((name) => ({
      type: "scatter",
      name,
      symbolSize: 8,
      data: points.filter(({ runtime }) => runtime === name).map(({ times, label }) => [times, label]),
      markLine: { symbol: "none", label: { show: false }, data: [{ xAxis: 1 }] },
    })),
  };
  return draw(option, 1000, 100 + labels.length * 17);
}

/**
 * Time per task over the number of tasks, both logarithmic: one panel per case and runtime.
 *
 * @type {(cases: Case[], rows: Row[]) => string}
 */
export function growthChart(cases, rows) {
  const grown = rows.filter(({ n, ns }) => n !== undefined && ns !== null);
  const growing = cases.filter(({ kind }) => kind === "growth");
  const runtimes = runtimesOf(grown);
  const panels = growing.flatMap(({ name, sizes = [], subjects }, line) =>
    runtimes.map((runtime, column) => {
      const gridIndex = line * runtimes.length + column;
      const [left, top] = [80 + column * 380, 60 + line * 350];
      const own = grown.filter((row) => row.case === name && row.runtime === runtime);
      const axis = { gridIndex, type: "log" };
      return {
        title: {
          text: `${name}, time per task, ${runtime}`,
          left,
          top: top - 40,
          textStyle: { fontSize: 12 },
        },
        legend: column > 0 ? [] : { data: Object.keys(subjects), left, top: top + 270, itemGap: 40 },
        grid: { left, top, width: 300, height: 240 },
        xAxis: { ...axis, min: sizes[0], max: sizes.at(-1), axisLabel: { formatter: count } },
        yAxis: { ...axis, axisLabel: { formatter: time } },
        series: Object.keys(subjects).map((subject) => ({
          type: "line",
          name: subject,
          xAxisIndex: gridIndex,
          yAxisIndex: gridIndex,
          data: own.filter((row) => row.subject === subject).map(({ n, ns }) => [n, ns]),
        })),
      };
    }),
  );
  const parts = /** @type {const} */ (["title", "legend", "grid", "xAxis", "yAxis", "series"]);
  const option = Object.fromEntries(
    parts.map((part) => [part, panels.flatMap((panel) => /** @type {any} */ (panel[part]))]),
  );
  return draw(option, 80 + runtimes.length * 380, 60 + growing.length * 350);
}
