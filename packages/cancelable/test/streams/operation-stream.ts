import type { Cancellable, CancellableStream, StreamInput, StreamOptions } from "../../src/index.ts";

/** `op.stream(source, options)` as a function. */
export const stream = <T>(
  op: Cancellable,
  source: StreamInput<T>,
  options?: StreamOptions<T>,
): CancellableStream<T> => op.stream(source, options);
