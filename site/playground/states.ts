import { frame, line, n, rect, text, wrap } from "./svg.ts";

/** A box of a diagram of states. The place is its centre. */
export interface State {
  readonly name: string;
  readonly lines?: readonly string[];
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly style: "run" | "ending" | "late" | "done" | "work";
}

export interface Arrow {
  readonly from: string;
  readonly to: string;
  /** The event, and below it what leads to it. */
  readonly words: readonly string[];
  /** The place of the first line of the words. */
  readonly x: number;
  readonly y: number;
  readonly anchor?: "start" | "middle" | "end";
}

export interface StatesOptions {
  readonly title: string;
  readonly width: number;
  readonly height: number;
  readonly notes?: readonly string[];
  readonly id?: string;
  readonly file?: boolean;
}

/** A picture of states, from the top down, with an arrow for each event. */
export function drawStates(
  states: readonly State[],
  arrows: readonly Arrow[],
  options: StatesOptions,
): string {
  const { title, width, height, notes = [], id = "states", file = false } = options;
  const named = (name: string): State => {
    const state = states.find((one) => one.name === name);
    if (state === undefined) throw new Error(`no state ${name}`);
    return state;
  };
  const parts: string[] = [];
  for (const arrow of arrows) {
    const from = named(arrow.from);
    const to = named(arrow.to);
    if (from === to) {
      // A loop at the right side, at the height of its words.
      const right = from.x + from.width / 2;
      const at = arrow.y - 4;
      parts.push(
        `<path d="M${n(right)} ${n(at - 8)}h18a8 8 0 0 1 0 16h-11" class="edge"/>`,
        `<path d="M${n(right + 9)} ${n(at + 3)}L${n(right + 2)} ${n(at + 8)}L${n(right + 9)} ${n(at + 13)}Z" class="soft"/>`,
      );
    } else {
      const startY = from.y + from.height / 2;
      const endY = to.y - to.height / 2;
      const middle = startY + 24;
      const path =
        from.x === to.x
          ? `M${n(from.x)} ${n(startY)}V${n(endY - 5)}`
          : `M${n(from.x)} ${n(startY)}V${n(middle)}H${n(to.x)}V${n(endY - 5)}`;
      parts.push(
        `<path d="${path}" class="edge"/>`,
        `<path d="M${n(to.x - 5)} ${n(endY - 8)}L${n(to.x)} ${n(endY - 1)}L${n(to.x + 5)} ${n(endY - 8)}Z" class="soft"/>`,
      );
    }
    for (const [index, words] of arrow.words.entries()) {
      parts.push(
        text(arrow.x, arrow.y + 14 * index, words, {
          size: index === 0 ? 12 : 11,
          anchor: arrow.anchor ?? "start",
          style: index === 0 ? "ink bold" : "soft",
        }),
      );
    }
  }
  for (const { name, lines = [], x, y, width: w, height: h, style } of states) {
    parts.push(rect(x - w / 2, y - h / 2, w, h, `box-${style}`, 8));
    const first = y + 5 - lines.length * 7;
    parts.push(text(x, first, name, { size: 14, anchor: "middle", style: `${style} bold` }));
    for (const [index, words] of lines.entries())
      parts.push(text(x, first + 15 * (index + 1), words, { size: 11, anchor: "middle", style: "soft" }));
  }
  let y = height;
  parts.push(line(14, y, width - 14, y, "grid"));
  for (const note of notes) {
    for (const row of wrap(note, 12, width - 28)) {
      y += 17;
      parts.push(text(14, y, row, { size: 12 }));
    }
    y += 5;
  }
  const description = [
    ...arrows.map(({ from, to, words }) => `${from} to ${to}: ${words.join(", ")}.`),
    ...notes,
  ].join(" ");
  return frame({ title, description, width, height: y + 12, id, file }, parts.join("\n"));
}
