import type { Board, Row } from "./board.ts";
import type { Display } from "./display.ts";
import { fractionOf, hasEnded, messageOf, nameOf, reasonOf, stateOf, unitOf } from "./facts.ts";
import { pace, percent, span } from "./figures.ts";
import type { TerminalStream } from "./stream.ts";

/** The shortest time between two progress lines of one operation, in ms. */
const quiet = 1_000;
/** The largest number of names in a path. */
const deepest = 6;

/** For pipes and files: one line per change of state, and at most one line per second for the progress of an operation. */
export class Lines implements Display {
  readonly #stream: TerminalStream;
  readonly #start: number;
  readonly #written = new WeakMap<Row, { readonly progress: unknown; readonly at: number }>();

  /** @param start In ms on the backend's clock. Each line starts with the time since then. */
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
      const written = this.#written.get(row);
      if (progress === written?.progress || hasEnded(row.snapshot)) continue;
      if (written?.progress === undefined || now - written.at >= quiet) this.#write(row, now);
    }
  }

  close(): void {}

  #write(row: Row, now: number): void {
    const { snapshot } = row;
    const { progress, estimate, duration, status } = snapshot;
    this.#written.set(row, { progress, at: now });
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

/** The names of the nearest ancestors, from the top down, and of the operation. */
function pathOf(row: Row): string {
  const names: string[] = [];
  for (let at: Row | undefined = row; at !== undefined; at = at.above) {
    if (names.length === deepest) return ["…", ...names].join(" > ");
    names.unshift(nameOf(at.snapshot));
  }
  return names.join(" > ");
}
