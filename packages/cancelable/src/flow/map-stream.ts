import { requireBoolean, requireCount, requireFunction } from "../arguments.ts";
import { type KnownOptions, requireKnownOptions } from "../known-options.ts";
import type { AmbientScope } from "../scope/ambient-scope.ts";
import { type Limits, limits } from "../scope/scope-options.ts";
import type { StreamInput } from "../streams/reading/stream-input.ts";
import { toUndelivered } from "../streams/reading/stream-options.ts";
import { itemsOf } from "./pulling.ts";
import { resultStream } from "./result-stream.ts";

/** The options of {@link mapStream}. */
export interface MapStreamOptions<T = unknown> extends Limits {
  /** The most calls at the same time: a whole number of at least 1, or Infinity. Default: 1. */
  readonly concurrency?: number | undefined;
  /** Whether the results come in the order of the items. Otherwise they come in the order of completion. Default: true. */
  readonly ordered?: boolean | undefined;
  /**
   * The number of results that may stand ready while `concurrency` calls run: a whole number of at least 0. Default: 0,
   * so that at most `concurrency` items have been pulled and are not yet with the reader.
   */
  readonly buffer?: number | undefined;
  /** Called with every result that the reader did not get. Default: none. */
  readonly onUndelivered?: ((value: T) => unknown) | undefined;
}

const known: KnownOptions<MapStreamOptions> = {
  ...limits,
  concurrency: 1,
  ordered: 1,
  buffer: 1,
  onUndelivered: 1,
};

/**
 * The results of `fn` for every item of `source`, as an async iterable that is read while the calls run. An item is pulled
 * when a call can start and the reader is not too far behind, and nothing is pulled before the first read.
 *
 * If a call fails, no further item is pulled, the other calls are cancelled, and the reader gets the results that stand
 * ready and then the error. If the source fails, the reader gets the results of all items before, and then the error.
 * Leaving the loop cancels the calls, closes the source, and waits for both.
 *
 * @param fn Gets the item, its index, and the scope of the call. On hosts without AsyncLocalStorage, hand this scope as
 * `parent` to the operations that the call starts.
 * @throws TypeError or RangeError for a bad argument, at once.
 *
 * @example
 * ```ts
 * import { mapStream, run, sleep } from "@hother/cancelable";
 * import { VirtualBackend } from "@hother/cancelable/testing";
 *
 * const order: number[] = [];
 * const read = async () => {
 *   const pages = mapStream([900, 300, 600], (ms) => sleep(ms).then(() => ms), { concurrency: 3, ordered: false });
 *   for await (const ms of pages) order.push(ms);
 * };
 * await run(read, { backend: new VirtualBackend() });
 * console.assert(order.join() === "300,600,900");
 * ```
 */
export function mapStream<I, T>(
  source: StreamInput<I>,
  fn: (item: I, index: number, scope: AmbientScope) => T | PromiseLike<T>,
  options?: MapStreamOptions<T>,
): AsyncGenerator<T, undefined, undefined> {
  requireFunction(fn, "fn");
  requireKnownOptions(options, known, "mapStream");
  const { concurrency = 1, ordered = true, buffer = 0, onUndelivered, ...ofScope } = options ?? {};
  requireCount(concurrency, "options.concurrency", 1);
  requireBoolean(ordered, "options.ordered");
  requireCount(buffer, "options.buffer", 0);
  const undelivered = toUndelivered({ onUndelivered });
  const items = itemsOf(source, "source");
  return resultStream({ items, call: fn, concurrency, buffer, ordered, undelivered, ofScope });
}
