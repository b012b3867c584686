import { invalidType } from "../arguments.ts";
import { isCancellation } from "../is-cancellation.ts";
import { report } from "../reporter.ts";
import { withEarlyReturn } from "../scope/closing-generator.ts";
import { type StreamInput, toOpenableInput } from "./reading/stream-input.ts";
import { StreamReader } from "./reading/stream-reader.ts";

/** The type of the items of a {@link StreamInput}. */
export type StreamItem<S> =
  S extends AsyncIterable<infer T>
    ? T
    : S extends ReadableStream<infer T>
      ? T
      : S extends Iterable<infer T>
        ? Awaited<T>
        : never;

type Arrival =
  | { readonly reader: StreamReader; readonly result: IteratorResult<unknown, undefined> }
  | { readonly reader: StreamReader; readonly error: unknown };

/**
 * The items of all sources as they arrive, until the last source has ended. No source is more than one item ahead of
 * the reader. When one source fails, when the reader leaves the loop, and when the ambient scope is cancelled, the
 * other sources are closed. They have closed when the loop is over.
 *
 * @throws TypeError at once, for a value that cannot be read. Reading rejects with the first failure of a source, or
 * with the cancellation.
 *
 * @example
 * ```ts
 * import { merge, sleep } from "@hother/cancelable";
 *
 * async function* every(ms: number, name: string) {
 *   for (let n = 0; n < 2; n++) {
 *     await sleep(ms);
 *     yield name;
 *   }
 * }
 *
 * const order: string[] = [];
 * for await (const name of merge(every(60, "slow"), every(8, "quick"))) order.push(name);
 * console.assert(order.join() === "quick,quick,slow,slow");
 * ```
 */
export function merge<S extends readonly StreamInput<unknown>[]>(
  ...sources: S
): AsyncGenerator<StreamItem<S[number]>, undefined, undefined> {
  const inputs = sources.map((source, index) => toOpenableInput(source, `sources[${index}]`));
  if (new Set<unknown>(sources).size < sources.length) {
    throw invalidType("sources", "distinct", sources);
  }
  const readers = inputs.map((input) => new StreamReader({ input }));
  return withEarlyReturn(merged(readers), () => closeAll(readers, false));
}

async function* merged<T>(readers: readonly StreamReader[]): AsyncGenerator<T, undefined, undefined> {
  const arrivals: Arrival[] = [];
  let wake: (() => void) | undefined;
  const arrive = (arrival: Arrival): void => {
    arrivals.push(arrival);
    wake?.();
  };
  const pull = (reader: StreamReader): void => {
    reader.next().then(
      (result) => arrive({ reader, result }),
      (error: unknown) => arrive({ reader, error }),
    );
  };
  let open = readers.length;
  let failed = true;
  try {
    for (const reader of readers) pull(reader);
    while (open > 0) {
      if (arrivals.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const arrival = arrivals.shift() as Arrival; // one is there: it called `wake`
      if ("error" in arrival) throw arrival.error;
      if (arrival.result.done) {
        open--;
        continue;
      }
      failed = false;
      yield arrival.result.value as T;
      failed = true;
      pull(arrival.reader);
    }
    failed = false;
  } finally {
    try {
      await closeAll(readers, failed);
    } finally {
      // The consumer gets the first failure only.
      for (const late of arrivals)
        if ("error" in late && !isCancellation(late.error)) report(late.error, "a source of merge");
    }
  }
  return undefined;
}

/**
 * Closes all readers. The first error of the closing is thrown, and further errors go to the reporter. After a failure
 * (`failed`) all of them go to the reporter, because the consumer gets the failure.
 */
async function closeAll(readers: readonly StreamReader[], failed: boolean): Promise<void> {
  const closings = await Promise.allSettled(readers.map((reader) => reader.close()));
  const errors = closings.flatMap((closing) =>
    closing.status === "rejected" ? [closing.reason as unknown] : [],
  );
  for (const error of failed ? errors : errors.slice(1)) report(error, "closing a source of merge");
  if (!failed && errors.length > 0) throw errors[0];
}
