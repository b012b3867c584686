import {
  fractionOf,
  hasEnded,
  messageOf,
  nameOf,
  reasonOf,
  type ShownState,
  stateOf,
  unitOf,
} from "./facts.ts";
import { pace, percent, span } from "./figures.ts";
import type { TreeLine } from "./tree-lines.ts";

/** Returns the width of a text in columns of a terminal. */
export type Measure = (text: string) => number;

/** The widths of the cells, in columns; 0 for a cell that does not fit. */
export interface Layout {
  readonly name: number;
  /** The bar with the percent, or the percent alone. */
  readonly gauge: number;
  readonly state: number;
  readonly detail: number;
}

const graphemes = new Intl.Segmenter();
const gap = "  ";
const stateWidth = "cancelling".length;
const percentWidth = 4;

/** Pads a text to `width` columns, or cuts it with an ellipsis. If `width` is 0, the text must be empty. */
export function fit(text: string, width: number, measure: Measure): string {
  const taken = measure(text);
  if (taken <= width) return text + " ".repeat(width - taken);
  let [kept, room] = ["", width - 1];
  for (const { segment } of graphemes.segment(text)) {
    const needed = measure(segment);
    if (needed > room) break;
    kept += segment;
    room -= needed;
  }
  return `${kept}…${" ".repeat(room)}`;
}

/** Divides `width` columns between the cells. `names` is the width of the longest name with its branch. */
export function layoutOf(width: number, names: number): Layout {
  if (width < 30) {
    const gauge = width > percentWidth + gap.length + 2 ? percentWidth : 0;
    return { name: width - (gauge > 0 ? gauge + gap.length : 0), gauge, state: 0, detail: 0 };
  }
  const withBar = width >= 60;
  const name = Math.min(names, Math.floor(width * (withBar ? 0.3 : 0.4)));
  const gauge = withBar ? Math.min(30, Math.max(15, Math.floor(width / 5))) : percentWidth;
  const rest = width - name - gauge - stateWidth - 3 * gap.length;
  return { name, gauge, state: stateWidth, detail: rest >= 4 ? rest : 0 };
}

const colours: Partial<Record<ShownState, number>> = {
  completed: 32,
  failed: 31,
  cancelled: 35,
  cancelling: 33,
  shielded: 36,
  pending: 90,
};

function paint(text: string, state: ShownState): string {
  const colour = colours[state];
  return colour === undefined ? text : `\u001b[${colour}m${text}\u001b[39m`;
}

/** The name after its branch. A long branch loses its left part, so that the name has at least half of the width. */
export function titleOf({ row, branch }: TreeLine, width: number, measure: Measure): string {
  const name = nameOf(row.snapshot);
  const room = width - Math.min(measure(name), Math.ceil(width / 2));
  return branch.slice(Math.max(0, branch.length - 3 * Math.max(1, Math.floor(room / 3)))) + name;
}

/** An operation as a line of the tree, at most as wide as its layout. */
export function rowText(line: TreeLine, layout: Layout, measure: Measure, colour: boolean): string {
  const { snapshot } = line.row;
  const state = stateOf(snapshot);
  const fraction = fractionOf(snapshot);
  const words = messageOf(snapshot);
  const withBar = layout.gauge > percentWidth;
  const title = fit(titleOf(line, layout.name, measure), layout.name, measure);
  const cells = [layout.state === 0 && colour ? paint(title, state) : title];
  if (layout.gauge > 0) {
    const figure = fraction === undefined ? "" : percent(fraction).padStart(percentWidth);
    if (!withBar) cells.push(figure.padStart(percentWidth));
    else
      cells.push(
        fraction === undefined ? fit(words, layout.gauge, measure) : bar(fraction, layout.gauge) + figure,
      );
  }
  if (layout.state > 0) {
    const shown = state.padEnd(layout.state);
    cells.push(colour ? paint(shown, state) : shown);
  }
  if (layout.detail > 0) {
    const details = detailsOf(line, withBar && fraction === undefined ? "" : words);
    cells.push(fit(details.join(gap), layout.detail, measure));
  }
  return cells.join(gap).trimEnd();
}

function detailsOf({ row: { snapshot } }: TreeLine, words: string): string[] {
  const { status, duration } = snapshot;
  const parts = hasEnded(snapshot)
    ? [status === "completed" && duration !== undefined ? `in ${span(duration)}` : reasonOf(snapshot)]
    : [reasonOf(snapshot), ...pace(snapshot.estimate, unitOf(snapshot)), words];
  return parts.filter((part) => part !== "");
}

/** The bar, and the space between the bar and the percent. */
function bar(fraction: number, gauge: number): string {
  const length = gauge - percentWidth - 1;
  const filled = Math.floor(fraction * length);
  return `${"█".repeat(filled)}${"░".repeat(length - filled)} `;
}
