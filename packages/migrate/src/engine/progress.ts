import type { Output } from "./options.ts";

/** On a terminal a line that changes, ten times a second; elsewhere a line every ten seconds. */
const intervals = { terminal: 100, other: 10_000 };

/** Nothing is shown before this, in ms. */
const quiet = 1_000;

/** How far a run is, on stderr. */
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

  /** Takes the line away, so that other output begins on a fresh one. */
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
