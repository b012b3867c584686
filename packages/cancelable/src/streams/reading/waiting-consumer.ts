/** @internal What a stream's `next()` gives. */
export type Result = IteratorResult<unknown, undefined>;

/** @internal The consumer that waits for an item, if one does: a promise each time, one field, and no closure. */
export class WaitingConsumer {
  #resolve: ((result: Result | Promise<never>) => void) | undefined = undefined;

  readonly #executor = (resolve: (result: Result | Promise<never>) => void): void => {
    this.#resolve = resolve;
  };

  get isThere(): boolean {
    return this.#resolve !== undefined;
  }

  wait(): Promise<Result> {
    return new Promise(this.#executor);
  }

  give(result: Result): void {
    const resolve = this.#resolve;
    this.#resolve = undefined;
    resolve?.(result);
  }

  /** Whether anybody heard. */
  reject(error: unknown): boolean {
    const resolve = this.#resolve;
    this.#resolve = undefined;
    resolve?.(Promise.reject(error));
    return resolve !== undefined;
  }
}
