import { moveOnAfter, report, shield, waitFor } from "@hother/cancelable";
import type { Statement } from "./statement.ts";

/** The pauses in ms between two requests to stop the same statement. */
const firstPause = 20;
const longestPause = 1_000;

/**
 * Stops a running statement.
 * 1. At most one request is under way, and the next one is sent only while the statement runs.
 * 2. `over` is fulfilled when neither a request nor the statement is under way, or when the connection is destroyed.
 * 3. This takes at most the given time. A connection with a statement or a request that has not ended by then is destroyed.
 */
export class Stopping {
  /** Undefined if the connection can be used, or why it was destroyed. */
  readonly over: Promise<Error | undefined>;
  readonly #statement: Statement<unknown>;
  readonly #timeout: number;
  #isAsking = false;
  #wasAsked = false;
  #hasEnded = false;
  /** Why the last request failed. */
  #failure: unknown;

  /** @param ended The promise of the statement. */
  constructor(statement: Statement<unknown>, ended: Promise<unknown>, timeout: number) {
    this.#statement = statement;
    this.#timeout = timeout;
    const mark = (): void => {
      this.#hasEnded = true;
    };
    const end = ended.then(mark, mark);
    this.over = shield(() => this.#stop(end));
  }

  /** Whether a request has reached the server, or may have reached it. */
  get wasAsked(): boolean {
    return this.#isAsking || this.#wasAsked;
  }

  async #stop(end: Promise<void>): Promise<Error | undefined> {
    const isOver = await moveOnAfter(this.#timeout, async () => {
      for (let pause = firstPause; ; pause = Math.min(2 * pause, longestPause)) {
        await waitFor(this.#ask());
        if (!this.#hasEnded) await moveOnAfter(pause, () => waitFor(end));
        if (this.#hasEnded) return true;
      }
    });
    const { what } = this.#statement;
    if (isOver !== true) return this.#destroy(what);
    if (this.#failure !== undefined) report(this.#failure, `the request to stop ${what}`);
    return undefined;
  }

  async #ask(): Promise<void> {
    this.#isAsking = true;
    try {
      await this.#statement.cancel();
      this.#wasAsked = true;
      this.#failure = undefined;
    } catch (error) {
      this.#failure = error;
    } finally {
      this.#isAsking = false;
    }
  }

  #destroy(what: string): Error {
    const late = this.#hasEnded ? `the request to stop ${what}` : what;
    const failure = new Error(
      `${late} has not ended ${this.#timeout} ms after the cancellation, and its connection was destroyed`,
      this.#failure === undefined ? undefined : { cause: this.#failure },
    );
    try {
      this.#statement.destroy(failure);
    } catch (error) {
      report(error, `the destruction of the connection of ${what}`);
    }
    // A statement that has ended has its own result.
    if (this.#hasEnded) report(failure, what);
    return failure;
  }
}
