import { circled, frame, hatch, hatched, line, listOf, n, notesBelow, rect, text } from "./svg.ts";

/** An event that goes from one column to another. */
export interface Step {
  readonly from: string;
  readonly to: string;
  readonly words: string;
  readonly style?: "run" | "ending" | "late" | "done" | undefined;
}

/** What a column does between two steps. */
export interface Span {
  readonly column: string;
  /** Indexes of steps. */
  readonly from: number;
  readonly to: number;
  readonly style: "run" | "waits";
}

export interface ColumnsOptions {
  readonly title: string;
  readonly width: number;
  readonly notes?: readonly string[];
  readonly id?: string;
  readonly file?: boolean;
}

const pad = 14;
const stepHeight = 34;

/** A picture of who calls and awaits whom: a column for each, and time runs down. */
export function drawColumns(
  columns: readonly string[],
  steps: readonly Step[],
  spans: readonly Span[],
  options: ColumnsOptions,
): string {
  const { title, width, notes = [], id = "columns", file = false } = options;
  const slot = (width - 2 * pad) / columns.length;
  const x = (column: string): number => pad + slot * (columns.indexOf(column) + 0.5);
  const top = pad + 34;
  const y = (step: number): number => top + 14 + stepHeight * step + 18;
  const bottom = y(steps.length - 1) + 18;
  const parts = [hatch(id)];
  for (const column of columns) {
    parts.push(
      line(x(column), top, x(column), bottom, "grid"),
      rect(x(column) - slot / 2 + 4, pad, slot - 8, 28, "box", 6),
      text(x(column), pad + 18.5, column, { anchor: "middle", style: "ink bold" }),
    );
  }
  for (const { column, from, to, style } of spans) {
    const height = y(to) - y(from);
    parts.push(
      style === "run"
        ? rect(x(column) - 5, y(from), 10, height, "run")
        : hatched(x(column) - 5, y(from), 10, height, id),
    );
  }
  for (const [index, { from, to, style = "run" }] of steps.entries()) {
    const start = x(from);
    const end = x(to);
    const side = Math.sign(end - start);
    const at = y(index);
    parts.push(
      line(start + side * 6, at, end - side * 12, at, `on-${style}`),
      `<path d="M${n(end - side * 13)} ${n(at - 5)}L${n(end - side * 6)} ${n(at)}L${n(end - side * 13)} ${n(at + 5)}Z" class="${style}"/>`,
    );
    parts.push(circled((start + end) / 2, at - 11, index + 1));
  }
  let end = bottom + 8;
  const legend = [
    { name: "runs", swatch: rect(pad, end + 4, 16, 12, "run") },
    {
      name: "waits",
      swatch: hatched(pad + 76, end + 5, 16, 10, id),
    },
  ];
  for (const [index, { name, swatch }] of legend.entries())
    parts.push(swatch, text(pad + 76 * index + 21, end + 14, name, { size: 11, style: "soft" }));
  end += 22;
  const list = listOf(
    steps.map(({ words }, index) => ({ index: index + 1, words })),
    pad,
    end,
    width,
  );
  parts.push(...list.parts);
  const below = notesBelow(notes, pad, list.y, width);
  parts.push(...below.parts);
  const words = steps.map(({ from, to, words: said }, index) => `${index + 1}. ${from} to ${to}: ${said}.`);
  return frame(
    { title, description: [...words, ...notes].join(" "), width, height: below.y + pad, id, file },
    parts.join("\n"),
  );
}
