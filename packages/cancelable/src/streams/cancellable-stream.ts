import type { CancellableStream } from "../cancellable.ts";
import { requireKnownOptions } from "../known-options.ts";
import { type CancellableStreamOptions, cancellableStreamOptions, toOperation } from "./new-operation.ts";
import { OperationStream } from "./operation-stream.ts";
import type { StreamInput } from "./reading/stream-input.ts";
import { toStreamParts } from "./reading/stream-options.ts";

/**
 * Reads `source` as a stream that can be cancelled, also while the source delivers no item: the `next()` of the
 * reader rejects with the cancellation. The code of the source runs in the operation of the stream; the code of the
 * reader does not.
 *
 * The source is closed once, by `return()`, `destroy(error)` or `cancel(reason)`, and the stream waits for the
 * closing. A source that came to its end or has failed is not closed. A source cannot close while it waits for something
 * that cancellation does not reach: then the reader is notified after 100 ms, and the source closes later. An item
 * that arrives in the meantime is kept in the partial result, and given to `onUndelivered`.
 *
 * Times are milliseconds or a `Duration`. `timeout` counts from the first call of `next()`. A stream that is being
 * read belongs to the scope in which the reading began, and this scope waits for the stream: read the stream to its
 * end, or leave the loop.
 *
 * @throws TypeError for a value that cannot be read; UsageError `ERR_BUSY` for a `ReadableStream` that has a reader.
 * Reading rejects with the cancellation, with an error of the source, or with a UsageError: `ERR_BUSY` for a second
 * `next()` before the item of the first has arrived, `ERR_ENDED` when `operation` has ended.
 *
 * @example
 * ```ts
 * import { cancellableStream, isCancellation, sleep } from "@hother/cancelable";
 *
 * async function* ticks() {
 *   for (let n = 0; ; n++) {
 *     yield n;
 *     await sleep(300);
 *   }
 * }
 *
 * const stream = cancellableStream(ticks(), { timeout: 1_000, bufferPartial: true });
 * try {
 *   for await (const tick of stream) console.assert(tick < 4);
 * } catch (error) {
 *   console.assert(isCancellation(error, stream.operation));
 * }
 * console.assert(stream.partialResult.items?.[0] === 0 && !stream.partialResult.completed);
 * ```
 */
export function cancellableStream<T>(
  source: StreamInput<T>,
  options?: CancellableStreamOptions<T>,
): CancellableStream<T> {
  requireKnownOptions(options, cancellableStreamOptions, "cancellableStream");
  // First, so that a bad argument leaves no new operation in its parent.
  const parts = toStreamParts(source, options);
  return new OperationStream(toOperation(options), parts);
}
