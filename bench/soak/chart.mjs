/** Draws the chart of a soak: the heap with its trend, and the handles below. */
import * as echarts from "echarts";
import { warmSamples } from "./flat.mjs";
import { kilobytes } from "./verdict.mjs";

/** @import { Outcome } from "./types.mjs" */

const [width, height] = [960, 620];
const ink = "#1f2328";
const faint = "#d0d7de";
const [blue, red, green, orange] = ["#0969da", "#cf222e", "#1a7f37", "#bc4c00"];
const font = "system-ui, -apple-system, 'Segoe UI', sans-serif";

/**
 * @param {Outcome} outcome
 * @returns {string} an SVG document with its own background
 */
export function draw({ minutes, seed, samples, verdict }) {
  const times = samples.seconds.map((seconds) => seconds / 60);
  const series = (/** @type {number[]} */ values) => values.map((value, i) => [times[i], value]);
  const heap = samples.heap.map((bytes) => bytes / 1e6);
  const { slope, start, growth } = verdict.heap;
  const end = times.at(-1) ?? 0;
  const line = [verdict.from / 60, end].map((time) => [time, (start + slope * time * 60) / 1e6]);
  const operations = new Intl.NumberFormat("en-US").format(samples.operations.at(-1) ?? 0);
  const [low, high] = bounds(heap.slice(warmSamples(heap.length)));
  const most = Math.max(...samples.handles, ...samples.left, 1);

  const axis = {
    axisLine: { lineStyle: { color: ink } },
    axisLabel: { color: ink },
    nameTextStyle: { color: ink },
  };
  const time = {
    ...axis,
    type: "value",
    min: 0,
    max: end,
    name: "minutes since the start",
    nameLocation: "middle",
    nameGap: 26,
    axisLabel: { color: ink, showMaxLabel: false },
    splitLine: { show: false },
  };
  const value = {
    ...axis,
    type: "value",
    nameLocation: "middle",
    nameGap: 52,
    splitLine: { lineStyle: { color: faint } },
  };
  const plain = { type: "line", showSymbol: false, animation: false };
  const lower = { ...plain, xAxisIndex: 1, yAxisIndex: 1, step: "end" };

  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width, height });
  chart.setOption({
    backgroundColor: "#ffffff",
    textStyle: { fontFamily: font, color: ink },
    title: {
      text: `Soak: heap and handles over ${minutes} minutes of mixed work`,
      subtext:
        `Node ${process.versions.node}, seed ${seed}, ${operations} operations. Heap after full collections: ` +
        `${kilobytes(slope * 3_600)}/h, ${kilobytes(growth)} over the run (at most ${kilobytes(verdict.limit)}): ${verdict.flat ? "flat" : "not flat"}.`,
      left: 16,
      top: 12,
      textStyle: { color: ink, fontSize: 16, fontFamily: font },
      subtextStyle: { color: ink, fontSize: 12, fontFamily: font },
    },
    legend: { right: 24, top: 62, textStyle: { color: ink }, itemGap: 20, icon: "roundRect", itemHeight: 4 },
    grid: [
      { left: 84, right: 24, top: 96, height: 260 },
      { left: 84, right: 24, top: 430, height: 120 },
    ],
    xAxis: [
      { ...time, gridIndex: 0 },
      { ...time, gridIndex: 1 },
    ],
    yAxis: [
      { ...value, gridIndex: 0, name: "heap in use, MB", min: low, max: high },
      { ...value, gridIndex: 1, name: "count", min: 0, max: most + 1, minInterval: 1 },
    ],
    series: [
      {
        ...plain,
        name: "heap in use",
        data: series(heap),
        color: blue,
        lineStyle: { width: 1.5 },
        ...warmUpArea(times),
      },
      {
        ...plain,
        name: "trend of the heap (Theil–Sen)",
        data: line,
        color: red,
        lineStyle: { width: 2, type: "dashed" },
      },
      { ...lower, name: "open handles", data: series(samples.handles), color: green },
      {
        ...lower,
        name: "listeners, registered operations and children left",
        data: series(samples.left),
        color: orange,
      },
    ],
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  // The styles for a hovering mouse have no use in a picture, and the linter cannot read them.
  return `${svg.replace(/<style[\s\S]*?<\/style>\s*/g, "").trimEnd()}\n`;
}

/** The warm-up, which does not count for the trend. @param {number[]} times */
function warmUpArea(times) {
  return {
    markArea: {
      silent: true,
      itemStyle: { color: faint, opacity: 0.35 },
      label: { color: ink, position: "insideTop" },
      data: [[{ name: "warm-up", xAxis: 0 }, { xAxis: times[warmSamples(times.length)] ?? 0 }]],
    },
  };
}

/**
 * The range of the judged samples plus one megabyte above and below, so that noise looks small. The steep beginning
 * enters from below.
 *
 * @param {number[]} values in MB
 */
function bounds(values) {
  return [Math.floor(Math.min(...values) - 1), Math.ceil(Math.max(...values) + 1)];
}
