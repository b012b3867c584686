import { requireCount } from "../arguments.ts";
import type { Operation } from "../operation/operation.ts";
import { currentNode } from "../scope/ambient.ts";
import { withEarlyReturn } from "../scope/closing-generator.ts";
import { type StreamInput, toOpenableInput } from "./reading/stream-input.ts";
import { StreamReader } from "./reading/stream-reader.ts";

/**
 * The items of `source` in arrays of `size`. The last array can be shorter, and no array is empty. The ambient
 * operation reports its progress with every array. Reading stops when the ambient scope is cancelled. The source is
 * closed in every case.
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
export function chunk<T>(source: StreamInput<T>, size: number): AsyncGenerator<T[], undefined, undefined> {
  const input = toOpenableInput(source, "source");
  requireCount(size, "size", 1);
  const reader = new StreamReader({ input });
  return withEarlyReturn(chunks<T>(reader, size), () => reader.close());
}

async function* chunks<T>(reader: StreamReader, size: number): AsyncGenerator<T[], undefined, undefined> {
  let items: T[] = [];
  try {
    for (;;) {
      const result = await reader.next();
      if (result.done) break;
      items.push(result.value as T);
      if (items.length < size) continue;
      report("chunk", items);
      yield items;
      items = [];
    }
  } finally {
    await reader.close();
  }
  if (items.length > 0) {
    report("final chunk", items);
    yield items;
  }
  return undefined;
}

function report(kind: string, items: readonly unknown[]): void {
  const operation = currentNode().operation as Operation | undefined; // the layers above set only operations
  operation?.reportProgress(`Processed ${kind} of ${items.length} items`, {
    chunkSize: items.length,
  });
}
