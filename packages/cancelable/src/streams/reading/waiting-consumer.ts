import type { Result } from "./result.ts";

/** @internal The consumer that waits for an item, if any. Shared by all items: an item costs a promise and no closure. */
export class WaitingConsumer {
  #resolve: ((result: Result | Promise<Result>) => void) | undefined = undefined;

  readonly #executor = (resolve: (result: Result | Promise<Result>) => void): void => {
    this.#resolve = resolve;
  };

  get isWaiting(): boolean {
    return this.#resolve !== undefined;
  }

  wait(): Promise<Result> {
    return new Promise(this.#executor);
  }

  /** Ends the wait with a result. Returns false if no consumer waits. */
  give(result: Result | Promise<Result>): boolean {
    const resolve = this.#resolve;
    this.#resolve = undefined;
    resolve?.(result);
    return resolve !== undefined;
  }

  /** Ends the wait with an error. Returns false if no consumer waits. */
  reject(error: unknown): boolean {
    const resolve = this.#resolve;
    this.#resolve = undefined;
    resolve?.(Promise.reject(error));
    return resolve !== undefined;
  }
}
