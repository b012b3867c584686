import type { CancellableStream } from "../cancellable.ts";
import { type CancellableStreamOptions, toOperation } from "./new-operation.ts";
import { stream } from "./operation-stream.ts";
import { type StreamInput, toStreamSource } from "./reading/stream-input.ts";
import { toIdleTimeout, toItemLog } from "./reading/stream-options.ts";

/**
 * A stream that ends when it is cancelled, also while its source is silent: the reader's `next()` rejects with
 * the cancellation. The source's code runs in the stream's operation, the reader's code does not. However it
 * ends, the source is closed (`return()`, `destroy(error)`, `cancel(reason)`) once and waited for. An async
 * generator cannot close while it waits for something that cancellation does not reach: after 100 ms the reader is
 * told, and the source closes when it can; an item that it still brings is kept in the partial result.
 *
 * Times are milliseconds or a `Duration`; `timeout` counts from the first item that is asked for. A stream that was
 * begun belongs to the scope that it was begun in, which waits for it: read it to its end, or leave it.
 *
 * @throws TypeError for what is no source; UsageError `ERR_BUSY` for a `ReadableStream` that has a reader. Reading
 * rejects with the cancellation, with what the source threw, or with a UsageError: `ERR_BUSY` for a second
 * `next()` before the first one's item is there, `ERR_ENDED` when `operation` has ended.
 *
 * @example
 * ```ts
 * import { cancellableStream, isCancellation, sleep } from "@hother/cancelable";
 *
 * async function* ticks() {
 *   for (let n = 0; ; n++) {
 *     yield n;
 *     await sleep(10);
 *   }
 * }
 *
 * const stream = cancellableStream(ticks(), { timeout: 35, bufferPartial: true });
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
  // Before an operation hangs in a parent.
  toStreamSource(source, "source");
  toItemLog(options);
  toIdleTimeout(options);
  return stream(toOperation(options), source, options);
}
