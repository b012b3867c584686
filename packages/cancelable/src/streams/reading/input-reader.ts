/** @internal An input that has been recognised and not yet been read. */
export interface OpenableInput {
  /** Begins to read. Called at most once. */
  open(): InputReader;
  /** Closes an input that will never be read. */
  discard(reason: unknown): unknown;
}

/** @internal Reads the items of an input. */
export interface InputReader {
  next(): IteratorResult<unknown> | PromiseLike<IteratorResult<unknown>>;
  /**
   * Closes the input by `return()`, `destroy(error)` or `cancel(reason)`. Called at most once.
   *
   * @param reason `undefined` when the consumer stopped reading.
   */
  close(reason: unknown): unknown;
  /** The input came to its end or has failed, and needs no closing. */
  ended?(): void;
  /** Whether `close` is the cause of this error of a pull, and not the input itself. */
  fromClose?(error: unknown): boolean;
  /** Whether the input reads ahead: its source can be busy although no pull is in progress. */
  readonly readsAhead: boolean;
}
