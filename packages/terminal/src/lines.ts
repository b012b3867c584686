import type { Board, Row } from "./board.ts";
import type { Display } from "./display.ts";
import { fractionOf, hasEnded, messageOf, nameOf, reasonOf, stateOf, unitOf } from "./facts.ts";
import { pace, percent, span } from "./figures.ts";
import type { TerminalStream } from "./stream.ts";

/** An operation's progress is written at most once in so many ms. */
const quiet = 1_000;
/** So many names lead to an operation. */
const deepest = 6;

/** For pipes and files: a line for every change of state, and now and then one for progress. */
export class Lines implements Display {
  readonly #stream: TerminalStream;
  readonly #start: number;
  readonly #told = new WeakMap<Row, { readonly progress: unknown; readonly at: number }>();

  /** @param start On the backend's clock, in ms: the lines say how much later they are. */
  constructor(stream: TerminalStream, start: number) {
    this.#stream = stream;
    this.#start = start;
  }

  changed(row: Row, now: number): void {
    this.#write(row, now);
  }

  draw(board: Board, now: number): void {
    for (const row of board.rows()) {
      const { progress } = row.snapshot;
      const told = this.#told.get(row);
      if (progress === told?.progress || hasEnded(row.snapshot)) continue;
      if (told?.progress === undefined || now - told.at >= quiet) this.#write(row, now);
    }
  }

  close(): void {}

  #write(row: Row, now: number): void {
    const { snapshot } = row;
    const { progress, estimate, duration, status } = snapshot;
    this.#told.set(row, { progress, at: now });
    const fraction = fractionOf(snapshot);
    const parts = [
      reasonOf(snapshot),
      fraction === undefined ? "" : percent(fraction),
      ...(hasEnded(snapshot) ? [] : pace(estimate, unitOf(snapshot))),
      messageOf(snapshot),
      status === "completed" && duration !== undefined ? `in ${span(duration)}` : "",
    ];
    const at = `${((now - this.#start) / 1_000).toFixed(1)} s`.padStart(8);
    const text = [pathOf(row), stateOf(snapshot), ...parts].filter((part) => part !== "").join("  ");
    this.#stream.write(`[${at}] ${text}\n`);
  }
}

/** The names from the top down. */
function pathOf(row: Row): string {
  const names: string[] = [];
  for (let at: Row | undefined = row; at !== undefined; at = at.above) {
    if (names.length === deepest) return ["…", ...names].join(" > ");
    names.unshift(nameOf(at.snapshot));
  }
  return names.join(" > ");
}
