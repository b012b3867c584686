import { bind } from "@hother/cancelable";
import type { CursorFunction, RawQuery } from "./raw-sql.ts";

/** The reads of a cursor. While the consumer has rows, the server does nothing, so a cancellation closes the cursor. */
export class CursorReads {
  readonly #close: unknown;
  /** Ends the wait of postgres.js for the consumer. Undefined while the server reads. */
  #resume: ((answer: unknown) => void) | undefined;
  #consumer: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;
  #isStopped = false;
  #isClosing = false;

  constructor(query: RawQuery, consume: CursorFunction, close: unknown) {
    this.#close = close;
    const bound = bind(async (rows: readonly unknown[]) => consume(rows));
    query.cursorFn = (rows) => {
      // postgres.js ignores the answer for the last rows, which come with the name of the command.
      const isLast = (rows as { readonly command?: unknown }).command !== null;
      if (this.#isStopped) {
        this.#isClosing ||= !isLast;
        return close;
      }
      const answered = new Promise((resolve) => {
        this.#resume = (answer) => {
          this.#isClosing ||= !isLast && answer === close;
          resolve(answer);
        };
      });
      // Does not reject: no code handles an error for the last rows.
      this.#consumer = bound(rows).then(
        (answer) => this.#answer(answer),
        (error: unknown) => {
          this.#failure ??= { error };
          this.#answer(close);
        },
      );
      return answered;
    };
  }

  /** Whether postgres.js was told to close the cursor before its last row. */
  get isClosing(): boolean {
    return this.#isClosing;
  }

  /** Closes the cursor now, or after the read that runs. Returns whether the server is idle, so that there is nothing to stop. */
  stop(): boolean {
    this.#isStopped = true;
    if (this.#resume === undefined) return this.#isClosing;
    this.#answer(this.#close);
    return true;
  }

  /** Waits for the consumer of the last rows. Throws its error, or `reason` if a cancellation closed the cursor. */
  async finish(reason: Error | undefined): Promise<void> {
    await this.#consumer;
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#isStopped && this.#isClosing && reason !== undefined) throw reason;
  }

  #answer(answer: unknown): void {
    const resume = this.#resume;
    this.#resume = undefined;
    resume?.(answer);
  }
}
