/** Draws the rows as SVG. */

import { CustomChart, LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, TitleComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { besideOurs, oursOf } from "./faster.mjs";
import { count, ratio, time } from "./format.mjs";
import { major } from "./runtimes.mjs";

/** @import { Case, Row } from "./types.mjs" */

use([CustomChart, LineChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer]);

const colours = { slower: "#4269d0", faster: "#d1495b", ours: "#2a9d5c", text: "#222", faint: "#888" };
const palette = ["#2a9d5c", "#4269d0", "#efb118", "#d1495b", "#6cc5b0", "#a463f2", "#97bbf5", "#9c6b4e"];

/** @param {Row[]} rows */
function runtimesOf(rows) {
  return [...new Set(rows.map((row) => row.runtime))].sort((a, b) => major(a) - major(b));
}

/**
 * @param {any} option
 * @param {number} width
 * @param {number} height
 */
function draw(option, width, height) {
  const chart = init(null, null, { renderer: "svg", ssr: true, width, height });
  chart.setOption({ animation: false, backgroundColor: "#fff", ...option });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg}\n`;
}

/**
 * Every peer of every case of times as a multiple of ours, one panel per runtime: bars to the right of 1 are
 * slower than ours, to the left faster.
 *
 * @param {Case[]} cases
 * @param {Row[]} rows
 */
export function resultsChart(cases, rows) {
  const timed = rows.filter((row) => row.n === undefined && row.ns !== null);
  const runtimes = runtimesOf(timed);
  /** @type {{ label: string, head: boolean, benchmark: Case, subject?: string }[]} */
  const lines = [];
  for (const benchmark of cases) {
    const own = timed.filter((row) => row.case === benchmark.name);
    const peers = Object.keys(benchmark.subjects).filter(
      (name) => !benchmark.subjects[name]?.ours && own.some((row) => row.subject === name),
    );
    if (peers.length === 0) continue;
    lines.push({ label: `${benchmark.name}: ${oursOf(benchmark)}`, head: true, benchmark });
    for (const subject of peers) lines.push({ label: subject, head: false, benchmark, subject });
  }
  const left = 320;
  const panel = 270;
  const gap = 62;
  const top = 84;
  const height = top + lines.length * 17 + 40;
  const ticks = [0.01, 0.1, 1, 10, 100, 1000];
  const option = {
    title: [
      {
        text: "Time of every peer as a multiple of ours (1 = ours, log scale)",
        subtext:
          "Green: the subject of ours. Blue: the peer takes longer. Red: it takes less; RESULTS.md says why.",
        left: 16,
        top: 10,
        textStyle: { fontSize: 16, color: colours.text },
      },
      ...runtimes.map((runtime, i) => ({
        text: runtime,
        left: left + i * (panel + gap) + panel / 2,
        top: top - 26,
        textAlign: "center",
        textStyle: { fontSize: 13, color: colours.text },
      })),
    ],
    grid: runtimes.map((_, i) => ({
      left: left + i * (panel + gap),
      top,
      width: panel,
      height: lines.length * 17,
    })),
    xAxis: runtimes.map((_, gridIndex) => ({
      gridIndex,
      type: "log",
      min: ticks[0],
      max: ticks.at(-1),
      axisLabel: { formatter: (/** @type {number} */ value) => `${value} ×`, fontSize: 10 },
      splitLine: { lineStyle: { color: "#e4e4e4" } },
    })),
    yAxis: runtimes.map((_, gridIndex) => ({
      gridIndex,
      type: "category",
      inverse: true,
      data: lines.map((_line, i) => i),
      axisTick: { show: false },
      axisLabel: {
        show: gridIndex === 0,
        interval: 0,
        formatter: (/** @type {string} */ i) => {
          const line = lines[Number(i)];
          return line?.head ? `{head|${line.label}}` : (line?.label ?? "");
        },
        fontSize: 11,
        color: colours.text,
        rich: { head: { color: colours.ours, fontWeight: "bold", fontSize: 11 } },
      },
    })),
    series: runtimes.map((runtime, i) => ({
      type: "custom",
      xAxisIndex: i,
      yAxisIndex: i,
      data: lines.map(({ benchmark, subject }, at) => {
        const own = timed.filter((row) => row.case === benchmark.name && row.runtime === runtime);
        const row = own.find((one) => one.subject === subject);
        return [row === undefined ? 0 : (besideOurs(benchmark, row, own)?.median ?? 0), at];
      }),
      renderItem: bar(ticks[0] ?? 0, ticks.at(-1) ?? 0),
    })),
  };
  return draw(option, left + runtimes.length * (panel + gap) + 20, height);
}

/**
 * A bar from 1 to the value, with the value beside it. One that leaves the scale ends at its edge.
 *
 * @param {number} least
 * @param {number} most
 */
function bar(least, most) {
  return (/** @type {any} */ _params, /** @type {any} */ api) => {
    const value = api.value(0);
    if (!(value > 0)) return undefined;
    const end = Math.min(Math.max(value, least), most);
    const [from, y] = api.coord([1, api.value(1)]);
    const [to] = api.coord([end, api.value(1)]);
    const faster = value < 1;
    return {
      type: "group",
      children: [
        {
          type: "rect",
          shape: { x: Math.min(from, to), y: y - 5, width: Math.max(Math.abs(to - from), 1), height: 10 },
          style: { fill: faster ? colours.faster : colours.slower },
        },
        {
          type: "line",
          shape: { x1: from, x2: from, y1: y - 8.5, y2: y + 8.5 },
          style: { stroke: colours.ours, lineWidth: 1.5 },
        },
        {
          type: "text",
          // A long bar carries its figure inside.
          style:
            end > most / 12
              ? {
                  text: ratio(value),
                  x: to - 4,
                  y,
                  align: "right",
                  verticalAlign: "middle",
                  fill: "#fff",
                  fontSize: 10,
                }
              : {
                  text: ratio(value),
                  x: faster ? to - 4 : to + 4,
                  y,
                  align: faster ? "right" : "left",
                  verticalAlign: "middle",
                  fill: colours.text,
                  fontSize: 10,
                },
        },
      ],
    };
  };
}

/**
 * Time per task over the number of tasks, one panel per case and runtime.
 *
 * @param {Case[]} cases
 * @param {Row[]} rows
 */
export function growthChart(cases, rows) {
  const growing = cases.filter(
    (benchmark) => benchmark.kind === "growth" && rows.some((row) => row.case === benchmark.name),
  );
  const runtimes = runtimesOf(rows.filter((row) => row.n !== undefined));
  const [width, height, left, top] = [300, 240, 80, 90];
  const [right, below] = [40, 110];
  const panels = growing.flatMap((benchmark, line) =>
    runtimes.map((runtime, column) => ({ benchmark, runtime, line, column })),
  );
  const place = (/** @type {{ line: number, column: number }} */ { line, column }) => ({
    left: left + column * (width + left + right - 40),
    top: top + line * (height + below),
  });
  const option = {
    title: [
      {
        text: "Time per task over the number of tasks (both scales logarithmic)",
        left: 16,
        top: 10,
        textStyle: { fontSize: 16, color: colours.text },
      },
      ...panels.map((panel) => ({
        text: `${panel.benchmark.name}, ${panel.runtime}`,
        left: place(panel).left,
        top: place(panel).top - 32,
        textStyle: { fontSize: 12, color: colours.text },
      })),
    ],
    grid: panels.map((panel) => ({ ...place(panel), width, height })),
    legend: growing.map(({ subjects }, line) => ({
      data: Object.keys(subjects),
      left: left,
      top: top + line * (height + below) + height + 30,
      itemWidth: 18,
      itemGap: 34,
      selectedMode: false,
    })),
    xAxis: panels.map(({ benchmark }, gridIndex) => ({
      gridIndex,
      type: "log",
      min: benchmark.sizes?.[0],
      max: benchmark.sizes?.at(-1),
      axisLabel: { formatter: count, fontSize: 10 },
      splitLine: { lineStyle: { color: "#e4e4e4" } },
    })),
    yAxis: panels.map((_, gridIndex) => ({
      gridIndex,
      type: "log",
      axisLabel: { formatter: (/** @type {number} */ ns) => time(ns).replace(/\.0+ /, " "), fontSize: 10 },
      splitLine: { lineStyle: { color: "#e4e4e4" } },
    })),
    series: panels.flatMap(({ benchmark, runtime }, i) =>
      Object.keys(benchmark.subjects).map((subject, at) => {
        const ours = benchmark.subjects[subject]?.ours === true;
        return {
          name: subject,
          type: "line",
          xAxisIndex: i,
          yAxisIndex: i,
          symbolSize: ours ? 7 : 4,
          lineStyle: { width: ours ? 3 : 1.5 },
          color: palette[at % palette.length],
          data: rows
            .filter(
              (row) =>
                row.case === benchmark.name &&
                row.runtime === runtime &&
                row.subject === subject &&
                row.ns !== null,
            )
            .map((row) => [row.n, row.ns]),
        };
      }),
    ),
  };
  return draw(
    option,
    left + runtimes.length * (width + left) + right,
    top + growing.length * (height + below),
  );
}
