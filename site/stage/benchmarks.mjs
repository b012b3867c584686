// Cuts the report of the benchmark into two pages: its charts and targets, and the figures of every case.
const figures = "benchmark-figures.md";

/**
 * @param {string} report
 * @returns {Array<[page: string, text: string]>}
 */
export function splitBenchmarks(report) {
  const sections = report.split(/^(?=## )/m);
  const [intro, targets, ...cases] = sections;
  if (intro === undefined || !targets?.startsWith("## Targets") || cases.length === 0)
    throw new Error("The report of the benchmark does not have the expected sections");
  const start = intro.replace("# Benchmark results", "# Benchmarks");
  const title =
    "# Figures of the benchmark\n\nThe figures of every case. [Charts and targets](benchmarks.md) are on a page of their own.\n\n";
  return [
    [
      "about/benchmarks.md",
      `${start}[The figures of every case](${figures}) are on a page of their own.\n\n${targets}`,
    ],
    [`about/${figures}`, title + cases.join("")],
  ];
}
