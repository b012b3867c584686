import { requireCount } from "../arguments.ts";
import { requireKnownOptions } from "../known-options.ts";
import type { Operation } from "../operation/operation.ts";
import { currentNode } from "../scope/ambient.ts";
import { withEarlyReturn } from "../scope/closing-generator.ts";
import { type StreamInput, toOpenableInput } from "./reading/stream-input.ts";
import { toUndelivered } from "./reading/stream-options.ts";
import { StreamReader } from "./reading/stream-reader.ts";

/** The options of {@link chunk}. */
export interface ChunkOptions<T = unknown> {
  /**
   * Called with every item that was pulled and that is in no chunk: reading was cancelled or failed in the middle of a
   * chunk. Default: none.
   */
  readonly onUndelivered?: ((item: T) => unknown) | undefined;
  /** The number of chunks between two progress reports of the ambient operation. Default: no reports. */
  readonly reportEvery?: number | undefined;
}

/**
 * The items of `source` in arrays of `size`. The last array can be shorter, and no array is empty. Reading stops when
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
  requireKnownOptions(options, { onUndelivered: 1, reportEvery: 1 }, "chunk");
  const onUndelivered = toUndelivered(options);
  const { reportEvery } = options ?? {};
  if (reportEvery !== undefined) requireCount(reportEvery, "options.reportEvery", 1);
  const reader = new StreamReader({ input, onUndelivered });
  return withEarlyReturn(chunks<T>(reader, { size, onUndelivered, reportEvery }), () => reader.close());
}

interface ChunkPlan {
  readonly size: number;
  readonly onUndelivered: ((item: unknown) => void) | undefined;
  readonly reportEvery: number | undefined;
}

async function* chunks<T>(
  reader: StreamReader,
  { size, onUndelivered, reportEvery }: ChunkPlan,
): AsyncGenerator<T[], undefined, undefined> {
  let items: T[] = [];
  let count = 0;
  /** Takes the items for the consumer. */
  const take = (): T[] => {
    const taken = items;
    items = [];
    if (reportEvery !== undefined && ++count % reportEvery === 0) report(count, taken.length);
    return taken;
  };
  let failed = true;
  try {
    for (;;) {
      const result = await reader.next();
      if (result.done) break;
      items.push(result.value as T);
      if (items.length >= size) yield take();
    }
    failed = false;
  } finally {
    if (failed && onUndelivered !== undefined) for (const item of items) onUndelivered(item);
    await reader.close();
  }
  if (items.length > 0) yield take();
  return undefined;
}

function report(count: number, chunkSize: number): void {
  const operation = currentNode().operation as Operation | undefined; // the layers above set only operations
  operation?.reportProgress(`Processed ${count} chunks`, { count, chunkSize });
}
