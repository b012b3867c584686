/** How figures and tables are written. */

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

/** @param {{ median: number, p25: number, p75: number }} compared */
export function spread({ median, p25, p75 }) {
  return `${ratio(median)} (${ratio(p25)}–${ratio(p75)})`;
}

/** @param {number} n */
export function count(n) {
  return n.toLocaleString("en");
}

/**
 * A table in Markdown. Figures go to the right, the first column and those of `text` to the left.
 *
 * @param {string[][]} lines the head first
 * @param {readonly string[]} [text] heads of columns of words
 */
export function grid(lines, text = []) {
  const [head = [], ...body] = lines;
  const escape = (/** @type {string} */ cell) => cell.replaceAll("|", "\\|");
  const rule = head.map((name, column) => (column === 0 || text.includes(name) ? "---" : "---:"));
  return [head, rule, ...body].map((line) => `| ${line.map(escape).join(" | ")} |`).join("\n");
}

/**
 * A table for the terminal: the first and the last column to the left if the last holds words.
 *
 * @param {string[][]} lines the head first
 * @param {readonly string[]} [text] heads of columns of words
 */
export function columns(lines, text = []) {
  const head = lines[0] ?? [];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? "").length)));
  return lines.map((line) =>
    line
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 0 || text.includes(head[column] ?? "") ? cell.padEnd(width) : cell.padStart(width);
      })
      .join("  ")
      .trimEnd(),
  );
}
