import type { RawQuery } from "./raw-sql.ts";

/**
 * Reads the rows of a query in groups of `size`. Unlike the iterator of postgres.js, `break` waits until the cursor is
 * closed, and the connection ready.
 */
export function readCursor(query: RawQuery, size: number, close: unknown): AsyncIterableIterator<unknown> {
  let isStarted = false;
  let isOver = false;
  let failure: { readonly error: unknown } | undefined;
  let ended: Promise<void> = Promise.resolve();
  /** The call of `next()` that waits for rows. */
  let reading: { resolve(result: IteratorResult<unknown>): void; reject(error: unknown): void } | undefined;
  /** The last call of `next()` or `return()`. As in an async generator, the next call waits for its end. */
  let last: Promise<unknown> = Promise.resolve();
  /** Lets postgres.js read on. */
  let answer: ((answer?: unknown) => void) | undefined;

  const start = (): void => {
    isStarted = true;
    const running = query.cursor(size, (rows) => {
      reading?.resolve({ done: false, value: rows });
      reading = undefined;
      return new Promise((resolve) => {
        answer = resolve;
      });
    });
    ended = running.then(
      () => {
        isOver = true;
        reading?.resolve({ done: true, value: undefined });
      },
      (error: unknown) => {
        isOver = true;
        if (reading === undefined) failure = { error };
        else reading.reject(error);
      },
    );
  };

  const step = (): Promise<IteratorResult<unknown>> => {
    if (failure !== undefined) {
      const { error } = failure;
      failure = undefined;
      return Promise.reject(error);
    }
    if (isOver) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => {
      reading = { resolve, reject };
      if (!isStarted) start();
      answer?.();
      answer = undefined;
    });
  };

  const stop = async (): Promise<IteratorResult<unknown>> => {
    if (!isStarted) isStarted = isOver = true;
    answer?.(close);
    await ended;
    return { done: true, value: undefined };
  };

  const afterLast = (call: () => Promise<IteratorResult<unknown>>): Promise<IteratorResult<unknown>> => {
    const result = last.then(call, call);
    last = result;
    return result;
  };

  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () => afterLast(step),
    return: () => afterLast(stop),
  };
}
