/** Writes figures and tables. */

/** @param {number | null | undefined} ns */
export function time(ns) {
  if (ns === null || ns === undefined) return "–";
  const size = Math.abs(ns);
  if (size >= 1e9) return `${(ns / 1e9).toFixed(2)} s`;
  if (size >= 1e6) return `${(ns / 1e6).toFixed(2)} ms`;
  if (size >= 1e4) return `${(ns / 1e3).toFixed(1)} µs`;
  if (size >= 1e3) return `${(ns / 1e3).toFixed(2)} µs`;
  return `${ns.toFixed(size < 10 ? 2 : 0)} ns`;
}

/** @param {number | null | undefined} bytes */
export function size(bytes) {
  if (bytes === null || bytes === undefined) return "–";
  if (Math.abs(bytes) >= 1e9) return `${(bytes / 1e9).toFixed(2)} GB`;
  if (Math.abs(bytes) >= 1e6) return `${(bytes / 1e6).toFixed(2)} MB`;
  return Math.abs(bytes) >= 1e4 ? `${(bytes / 1e3).toFixed(1)} kB` : `${Math.round(bytes)} B`;
}

/** @param {number} value */
export function ratio(value) {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(value < 0.1 ? 2 : 3);
}

/** @param {{ median: number, p25: number, p75: number }} ratios */
export function spread({ median, p25, p75 }) {
  return `${ratio(median)} (${ratio(p25)}–${ratio(p75)})`;
}

/** @param {number} n */
export function count(n) {
  return n.toLocaleString("en");
}

/**
 * A table in Markdown that is aligned for the terminal too.
 *
 * @param {string[][]} lines the head first
 */
export function table(lines) {
  const cells = lines.map((line) => line.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = (cells[0] ?? []).map((_, i) => Math.max(3, ...cells.map((line) => line[i]?.length ?? 0)));
  const padded = cells.map((line) => widths.map((width, i) => (line[i] ?? "").padEnd(width)));
  padded.splice(
    1,
    0,
    widths.map((width) => "-".repeat(width)),
  );
  return padded.map((line) => `| ${line.join(" | ")} |`).join("\n");
}
