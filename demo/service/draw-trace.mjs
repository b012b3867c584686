// @ts-check
// Draws the spans of a trace as a tree: one line for each span, with its service, its status, and why it was cancelled.

/** @typedef {import("@opentelemetry/sdk-trace-base").ReadableSpan} ReadableSpan */

/**
 * @param {readonly ReadableSpan[]} spans The ended spans of one trace.
 * @returns {string}
 */
export function drawTrace(spans) {
  const ids = new Set(spans.map((span) => span.spanContext().spanId));
  /** @type {{ service: string, tree: string, end: string, why: string }[]} */
  const rows = [];
  /**
   * @param {ReadableSpan} span
   * @param {string} lead The lines of the tree in the row of the span. @param {string} below In the rows below it.
   */
  const draw = (span, lead, below) => {
    const { instrumentationScope, name, attributes } = span;
    const end = String(attributes["cancelable.operation.status"]);
    rows.push({ service: instrumentationScope.name, tree: `${lead}${name}`, end, why: whyOf(span) });
    const children = spans.filter((one) => one.parentSpanContext?.spanId === span.spanContext().spanId);
    children.sort(byStart).forEach((child, index) => {
      const isLast = index === children.length - 1;
      draw(child, `${below}${isLast ? "└─ " : "├─ "}`, `${below}${isLast ? "   " : "│  "}`);
    });
  };
  for (const span of spans.filter(({ parentSpanContext: above }) => !ids.has(above?.spanId ?? "")))
    draw(span, "", "");
  const width = (/** @type {"service" | "tree" | "end"} */ column) =>
    Math.max(...rows.map((row) => row[column].length));
  const [first, second, third] = [width("service"), width("tree"), width("end")];
  return rows
    .map(({ service, tree, end, why }) =>
      `${service.padEnd(first)}  ${tree.padEnd(second)}  ${end.padEnd(third)}  ${why}`.trimEnd(),
    )
    .join("\n");
}

/** @param {ReadableSpan} span */
function whyOf({ events }) {
  const event = events.find(({ name }) => name === "cancelable.cancellation");
  if (event === undefined) return "";
  const of = (/** @type {string} */ key) => event.attributes?.[`cancelable.cancel.${key}`];
  const from = of("by") === "parent" ? `from "${of("origin.operation.name")}", ` : "";
  return `${from}${of("origin.reason")}: ${of("origin.message")}`;
}

/** @param {ReadableSpan} a @param {ReadableSpan} b */
function byStart(a, b) {
  const [seconds, nanoseconds] = a.startTime;
  return seconds - b.startTime[0] || nanoseconds - b.startTime[1];
}
