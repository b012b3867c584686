import { outOfRange, requireCount } from "../arguments.ts";
import { cancellationOf } from "../cancellation-of.ts";
import { type Span, toMilliseconds } from "../duration.ts";
import { type KnownOptions, requireKnownOptions } from "../known-options.ts";
import type { Operation } from "../operation/operation.ts";
import { report as reportError } from "../reporter.ts";
import type { Clock } from "../runtime/clock.ts";
import { currentNode } from "../scope/ambient.ts";
import { withEarlyReturn } from "../scope/closing-generator.ts";
import type { Result } from "./reading/result.ts";
import { type StreamInput, toOpenableInput } from "./reading/stream-input.ts";
import { toUndelivered } from "./reading/stream-options.ts";
import { StreamReader } from "./reading/stream-reader.ts";
import { Undelivered } from "./reading/undelivered.ts";

/** The options of {@link chunk}. */
export interface ChunkOptions<T = unknown> {
  /**
   * The longest time from the arrival of the first new item of a chunk to the chunk: milliseconds, a `Duration`, or `null`
   * for no limit. A chunk that comes by this limit has fewer items. Default: no limit.
   */
  readonly every?: Span | undefined;
  /**
   * The number of items at the end of a chunk with which the next chunk begins again: a whole number below `size`. Default:
   * 0.
   */
  readonly overlap?: number | undefined;
  /**
   * Called with every item that was pulled and that is in no chunk: reading was cancelled or failed in the middle of a
   * chunk. Default: these items are the partial result of the ambient operation, if there is one.
   */
  readonly onUndelivered?: ((item: T) => unknown) | undefined;
  /** The number of chunks between two progress reports of the ambient operation. Default: no reports. */
  readonly reportEvery?: number | undefined;
}

const known: KnownOptions<ChunkOptions> = { every: 1, overlap: 1, onUndelivered: 1, reportEvery: 1 };

/**
 * The items of `source` in arrays of `size`. The last array can be shorter, and no array is empty. With `every`, an array
 * that is not full comes after this time. With `overlap`, arrays are windows that overlap. Reading stops when
 * the ambient scope is cancelled. The source is closed in every case.
 *
 * @param size A whole number of at least 1, or Infinity for one chunk of everything.
 * @throws TypeError or RangeError for a bad argument, at once; reading rejects as `cancellableStream` does.
 *
 * @example
 * ```ts
 * import { chunk } from "@hother/cancelable";
 *
 * const sizes: number[] = [];
 * for await (const items of chunk([1, 2, 3, 4, 5], 2)) sizes.push(items.length);
 * console.assert(sizes.join() === "2,2,1");
 * ```
 */
export function chunk<T>(
  source: StreamInput<T>,
  size: number,
  options?: ChunkOptions<T>,
): AsyncGenerator<T[], undefined, undefined> {
  const input = toOpenableInput(source, "source");
  requireCount(size, "size", 1);
  requireKnownOptions(options, known, "chunk");
  const { every = null, overlap = 0, reportEvery } = options ?? {};
  const everyMs = toMilliseconds(every, "options.every");
  requireCount(overlap, "options.overlap", 0);
  if (overlap >= size) throw outOfRange("options.overlap", `less than the size, ${size}`, overlap);
  if (reportEvery !== undefined) requireCount(reportEvery, "options.reportEvery", 1);
  const rest = new Undelivered(toUndelivered(options));
  const reader = new StreamReader({ input, onUndelivered: rest.add });
  const plan = { size, overlap, everyMs, rest, reportEvery };
  return withEarlyReturn(chunks<T>(reader, plan), () => reader.close());
}

interface ChunkPlan {
  readonly size: number;
  readonly overlap: number;
  readonly everyMs: number;
  readonly rest: Undelivered;
  readonly reportEvery: number | undefined;
}

async function* chunks<T>(
  reader: StreamReader,
  { size, overlap, everyMs, rest, reportEvery }: ChunkPlan,
): AsyncGenerator<T[], undefined, undefined> {
  const { clock } = currentNode();
  rest.begin();
  let items: T[] = [];
  /** The number of items that were in no chunk before. */
  let fresh = 0;
  let count = 0;
  let due = Number.POSITIVE_INFINITY;
  /** A pull that was in progress when the time of a chunk was up. */
  let pending: Promise<Result> | undefined;
  /** The time at which the item of this pull came, if the item came before the next read. */
  let arrivedAt: number | undefined;
  /** Takes the items for the consumer. */
  const take = (): T[] => {
    const taken = items;
    items = overlap === 0 ? [] : taken.slice(-overlap);
    fresh = 0;
    if (reportEvery !== undefined && ++count % reportEvery === 0) reportChunks(count, taken.length);
    return taken;
  };
  let failed = true;
  try {
    for (;;) {
      const pull = pending ?? reader.next();
      pending = undefined;
      const hasLimit = fresh > 0 && everyMs !== Number.POSITIVE_INFINITY;
      const result = await (hasLimit ? beforeTime(clock, due, pull) : pull);
      if (result === undefined) {
        pending = pull;
        // The pull can settle while the consumer has the chunk.
        pull.then(
          () => {
            arrivedAt = clock.now();
          },
          () => {},
        );
        yield take();
        continue;
      }
      if (result.done) break;
      if (fresh++ === 0 && everyMs !== Number.POSITIVE_INFINITY) due = (arrivedAt ?? clock.now()) + everyMs;
      arrivedAt = undefined;
      items.push(result.value as T);
      if (items.length >= size) yield take();
    }
    failed = false;
  } finally {
    if (failed) for (const item of items.slice(items.length - fresh)) rest.add(item);
    try {
      await reader.close();
    } finally {
      await pending?.then((late) => {
        if (!late.done) rest.add(late.value);
      }, reportFailure);
    }
  }
  if (fresh > 0) yield take();
  return undefined;
}

/** The result of a pull, or undefined when `at` comes before it. The pull goes on. */
function beforeTime(clock: Clock, at: number, pull: Promise<Result>): Promise<Result | undefined> {
  return new Promise((resolve, reject) => {
    const alarm = clock.setAlarm(at, () => resolve(undefined));
    const end = (settle: () => void): void => {
      alarm[Symbol.dispose]();
      settle();
    };
    pull.then(
      (result) => end(() => resolve(result)),
      (error: unknown) => end(() => reject(error)),
    );
  });
}

/** The consumer has left, and does not get the failure of the pull in progress. */
function reportFailure(error: unknown): void {
  if (cancellationOf(error) === undefined) reportError(error, "the source of chunk");
}

function reportChunks(count: number, chunkSize: number): void {
  const operation = currentNode().operation as Operation | undefined; // the layers above set only operations
  operation?.reportProgress(`Processed ${count} chunks`, { count, chunkSize });
}
