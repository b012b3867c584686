import type { Output } from "./run-options.ts";

/** The time between two updates, in ms: of one line on a terminal, of new lines elsewhere. */
const intervals = { terminal: 100, other: 10_000 };

/** The time before the first update, in ms. */
const quiet = 1_000;

/** Shows the progress of a run on stderr. */
export class Progress {
  total = 0;
  readonly #output: Output;
  readonly #began = performance.now();
  #last = this.#began;
  #done = 0;
  #shown = false;

  constructor(output: Output) {
    this.#output = output;
  }

  search(found: number): void {
    this.#show(() => `${found} files found`);
  }

  tick(path: string): void {
    this.#done++;
    this.#show(() => `${this.#done} of ${this.total} files, ${path}`);
  }

  /** Clears the line, so that other output starts on an empty one. */
  clear(): void {
    if (!this.#shown) return;
    this.#output.err("\r\u001b[K");
    this.#shown = false;
  }

  #show(text: () => string): void {
    const now = performance.now();
    const { isTerminal } = this.#output;
    if (now - this.#began < quiet || now - this.#last < (isTerminal ? intervals.terminal : intervals.other))
      return;
    this.#last = now;
    if (isTerminal) {
      this.#output.err(`\r\u001b[K${text().slice(0, 78)}`);
      this.#shown = true;
    } else this.#output.err(`${text()}\n`);
  }
}
