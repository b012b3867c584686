/** Turns rows into the table of the terminal and into RESULTS.md. */

/** @import { Case, Row, Target } from "./types.mjs" */

/** @param {number | null | undefined} ns */
function time(ns) {
  if (ns === null || ns === undefined) return "–";
  if (ns >= 1e6) return `${(ns / 1e6).toFixed(2)} ms`;
  if (ns >= 1e4) return `${(ns / 1e3).toFixed(1)} µs`;
  if (ns >= 1e3) return `${(ns / 1e3).toFixed(2)} µs`;
  return `${ns.toFixed(ns < 10 ? 2 : 0)} ns`;
}

/** @param {number | null | undefined} bytes */
function size(bytes) {
  if (bytes === null || bytes === undefined) return "–";
  if (Math.abs(bytes) >= 1e6) return `${(bytes / 1e6).toFixed(2)} MB`;
  return Math.abs(bytes) >= 1e4 ? `${(bytes / 1e3).toFixed(1)} kB` : `${bytes} B`;
}

/** @param {number} value */
function ratio(value) {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(value < 0.1 ? 2 : 3);
}

/** @param {Row} row */
function major(row) {
  return Number(/^node (\d+)/.exec(row.runtime)?.[1]);
}

/**
 * @param {Case} benchmark
 * @param {Row[]} rows of this case on one runtime
 */
function cells(benchmark, rows) {
  const heap = benchmark.kind === "heap";
  const head = heap
    ? ["subject", "growth", "timers left"]
    : [
        "subject",
        `time per ${benchmark.per}`,
        "quartiles",
        `bytes per ${benchmark.per}`,
        `× ${benchmark.baseline}`,
      ];
  const body = rows.map((row) => {
    if (heap) return [row.subject, size(row.bytes), String(row.timers ?? "–")];
    const compared = row.ratios[benchmark.baseline];
    const shown =
      compared === undefined
        ? "1"
        : `${ratio(compared.median)} (${ratio(compared.p25)}–${ratio(compared.p75)})`;
    return [
      row.subject,
      time(row.ns),
      `${time(row.p25)} – ${time(row.p75)}`,
      size(row.bytes),
      row.subject === benchmark.baseline ? "1" : shown,
    ];
  });
  return [head, ...body];
}

/**
 * One case on one runtime, for the terminal.
 *
 * @param {Case} benchmark
 * @param {Row[]} rows
 * @param {string} runtime
 */
export function table(benchmark, rows, runtime) {
  const lines = cells(benchmark, rows);
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(...lines.map((line) => (line[column] ?? "").length)),
  );
  const text = lines.map((line) =>
    line
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  "),
  );
  const verdicts = rows.flatMap((row) =>
    (benchmark.targets ?? []).flatMap((target) => judge(target, row, rows)),
  );
  const marks = verdicts.map((one) => `  ${one.holds ? "holds " : "MISSED"}  ${one.text}: ${one.found}`);
  return [`\n${benchmark.name} (${runtime})`, ...text, ...marks].join("\n");
}

/**
 * Holds one row against one target; nothing if the target is about something else.
 *
 * @param {Target} target
 * @param {Row} row
 * @param {Row[]} rows of the same case and runtime
 */
function judge(target, row, rows) {
  if (row.subject !== target.subject) return [];
  if (target.runtime !== undefined && target.runtime !== major(row)) return [];
  const { against = "" } = target;
  if (target.atMostBytes !== undefined) {
    if (row.bytes === null) return [];
    return [
      verdict(
        `${row.subject} at most ${size(target.atMostBytes)}`,
        size(row.bytes),
        row.bytes <= target.atMostBytes,
      ),
    ];
  }
  if (target.atMostTimers !== undefined) {
    if (row.timers === undefined) return [];
    return [
      verdict(
        `${row.subject} leaves at most ${target.atMostTimers} timers`,
        String(row.timers),
        row.timers <= target.atMostTimers,
      ),
    ];
  }
  if (target.atMostNs !== undefined) {
    const other = rows.find((one) => one.subject === against);
    if (row.ns === null || other?.ns === null || other === undefined) return [];
    const over = row.ns - other.ns;
    return [
      verdict(
        `${row.subject} at most ${target.atMostNs} ns over ${against}`,
        `${over.toFixed(2)} ns`,
        over <= target.atMostNs,
      ),
    ];
  }
  const compared = row.ratios[against];
  if (compared === undefined || target.atMost === undefined) return [];
  const found = `${ratio(compared.median)} × (${ratio(compared.p25)}–${ratio(compared.p75)})`;
  const limit =
    target.atMost < 0.5 && Number.isInteger(Math.round(1e6 / target.atMost) / 1e6)
      ? `at least ${Math.round(1 / target.atMost)} × faster than ${against}`
      : `at most ${ratio(target.atMost)} × ${against}`;
  return [verdict(`${row.subject}, ${limit}`, found, compared.median <= target.atMost)];
}

/**
 * @param {string} text
 * @param {string} found
 * @param {boolean} holds
 */
function verdict(text, found, holds) {
  return { text, found, holds };
}

/** @param {string[][]} lines */
function grid(lines) {
  const [head = [], ...body] = lines;
  const escape = (/** @type {string} */ cell) => cell.replaceAll("|", "\\|");
  return [head, head.map((_, column) => (column === 0 ? "---" : "---:")), ...body]
    .map((line) => `| ${line.map(escape).join(" | ")} |`)
    .join("\n");
}

/**
 * The whole of RESULTS.md.
 *
 * @param {Case[]} cases
 * @param {Row[]} rows
 */
export function markdown(cases, rows) {
  const runtimes = [...new Set(rows.map((row) => row.runtime))].sort((a, b) =>
    a.localeCompare(b, "en", { numeric: true }),
  );
  const targets = [["case", "runtime", "target", "measured", "holds"]];
  const parts = [];
  for (const benchmark of cases) {
    parts.push(`## ${benchmark.name}`, benchmark.about);
    for (const runtime of runtimes) {
      const own = rows.filter((row) => row.case === benchmark.name && row.runtime === runtime);
      if (own.length === 0) continue;
      parts.push(`**${runtime}**`, grid(cells(benchmark, own)));
      for (const target of benchmark.targets ?? []) {
        const verdicts = own.flatMap((row) => judge(target, row, own));
        if (
          verdicts.length === 0 &&
          (target.runtime === undefined || own.some((row) => major(row) === target.runtime))
        ) {
          targets.push([
            benchmark.name,
            runtime,
            `${target.subject} against ${target.against ?? "its limit"}`,
            "not measured",
            "–",
          ]);
        }
        for (const one of verdicts)
          targets.push([benchmark.name, runtime, one.text, one.found, one.holds ? "yes" : "**no**"]);
      }
    }
  }
  const held = targets.filter((line) => line[4] === "yes").length;
  return `${[
    "# Benchmark results",
    "Written by `npm run bench`; do not edit. Times differ between machines: what counts are the ratios, which are formed round by round between subjects that take turns in one process. Given are medians, in brackets the quartiles. Bytes are what one operation allocates, garbage included, over its whole life. All subjects of a case share a process with AsyncLocalStorage in use, as the ambient scope needs it: on Node 20 and 22 that alone makes every promise of the process dearer, the peers' too, so they are faster there in a program that uses no AsyncLocalStorage at all. The ratios in the tables are a subject's time divided by that of the one in the heading: below 1 is faster.",
    "## Targets",
    `${held} of ${targets.length - 1} hold.`,
    grid(targets),
    ...parts,
  ].join("\n\n")}\n`;
}
