import { invalidType } from "../arguments.ts";
import { cancellationOf } from "../cancellation-of.ts";
import { requireKnownOptions } from "../known-options.ts";
import { report } from "../reporter.ts";
import { withEarlyReturn } from "../scope/closing-generator.ts";
import { type StreamInput, toOpenableInput } from "./reading/stream-input.ts";
import { toUndelivered } from "./reading/stream-options.ts";
import { StreamReader } from "./reading/stream-reader.ts";
import { Undelivered } from "./reading/undelivered.ts";

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

/** The options of {@link merge}, as its last argument. */
export interface MergeOptions<T = unknown> {
  /** Called with every item that was pulled and that the reader did not get. */
  readonly onUndelivered: (item: T) => unknown;
}

/**
 * The items of all sources as they arrive, until the last source has ended. No source is more than one item ahead of
 * the reader. The return values of the sources are not used. When one source fails, when the reader leaves the loop,
 * and when the ambient scope is cancelled, the other sources are closed. They have closed when the loop is over. The
 * items that were pulled by then, at most one of each source, go to `onUndelivered`, if the last argument is an object
 * with this callback, or else into the partial result of the ambient operation.
 *
 * @throws TypeError at once, for a value that cannot be read. Reading rejects with the first failure of a source, or
 * with the cancellation.
 *
 * @example
 * ```ts
 * import { merge, run, sleep } from "@hother/cancelable";
 * import { VirtualBackend } from "@hother/cancelable/testing";
 *
 * async function* every(ms: number, name: string) {
 *   for (let n = 0; n < 2; n++) {
 *     await sleep(ms);
 *     yield name;
 *   }
 * }
 *
 * const order: string[] = [];
 * const read = async () => {
 *   for await (const name of merge(every(600, "slow"), every(50, "quick"))) order.push(name);
 * };
 * await run(read, { backend: new VirtualBackend() });
 * console.assert(order.join() === "quick,quick,slow,slow");
 * ```
 */
export function merge<S extends readonly StreamInput<unknown>[]>(
  ...sources: S
): AsyncGenerator<StreamItem<S[number]>, undefined, undefined>;
export function merge<S extends readonly StreamInput<unknown>[]>(
  ...sourcesAndOptions: [...sources: S, options: MergeOptions<StreamItem<S[number]>>]
): AsyncGenerator<StreamItem<S[number]>, undefined, undefined>;
export function merge(
  ...sources: (StreamInput<unknown> | MergeOptions<never>)[]
): AsyncGenerator<unknown, undefined, undefined> {
  const last = sources.at(-1);
  let onUndelivered: ((item: unknown) => void) | undefined;
  if (isOptions(last)) {
    requireKnownOptions(last, { onUndelivered: 1 }, "merge");
    onUndelivered = toUndelivered(last);
    sources.pop();
  }
  const inputs = sources.map((source, index) => toOpenableInput(source, `sources[${index}]`));
  if (new Set<unknown>(sources).size < sources.length) {
    throw invalidType("sources", "distinct", sources);
  }
  const rest = new Undelivered(onUndelivered);
  const readers = inputs.map((input) => new StreamReader({ input, onUndelivered: rest.add }));
  return withEarlyReturn(merged(readers, rest), () => closeAll(readers, false));
}

function isOptions(value: unknown): value is MergeOptions<never> {
  return typeof value === "object" && value !== null && "onUndelivered" in value;
}

async function* merged(
  readers: readonly StreamReader[],
  rest: Undelivered,
): AsyncGenerator<unknown, undefined, undefined> {
  rest.begin();
  const arrivals: Arrival[] = [];
  let wake: (() => void) | undefined;
  const arrive = (arrival: Arrival): void => {
    arrivals.push(arrival);
    wake?.();
  };
  /** Takes an arrival that the consumer does not get. */
  const drop = (late: Arrival): void => {
    if ("error" in late) {
      // The consumer gets the first failure only.
      if (cancellationOf(late.error) === undefined) report(late.error, "a source of merge");
    } else if (!late.result.done) rest.add(late.result.value);
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
      yield arrival.result.value;
      failed = true;
      pull(arrival.reader);
    }
    failed = false;
  } finally {
    try {
      await closeAll(readers, failed);
    } finally {
      // Everything has arrived: a reader that has closed gives its consumer no item any more.
      for (const late of arrivals) drop(late);
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
