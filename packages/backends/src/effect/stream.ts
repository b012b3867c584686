import {
  type CancellableStreamOptions,
  type CancellationError,
  cancellableStream,
  NativeTask,
  type StreamInput,
} from "@hother/cancelable";
import { Effect, Stream } from "effect";
import { backendOf } from "./backend.ts";

/**
 * A stream of Effect's from an async iterable, an iterable, a web or a Node stream. Interrupting the fiber that
 * runs it ends the wait for the next item, also of a silent source, and closes the source, which is waited
 * for. What the source throws, and a cancellation, are typed failures. Each run of the stream calls `open` anew.
 *
 * @example
 * ```ts
 * import { fromAsyncIterable } from "@hother/cancelable-backends/effect";
 * import { Effect, Stream } from "effect";
 *
 * async function* numbers() {
 *   yield 1;
 *   yield 2;
 * }
 * const sum = Stream.runFold(fromAsyncIterable(numbers), () => 0, (total, n) => total + n);
 * console.assert((await Effect.runPromise(sum)) === 3);
 * ```
 */
export function fromAsyncIterable<A, E = CancellationError>(
  open: () => StreamInput<A>,
  options?: CancellableStreamOptions<A> & {
    /** What the stream fails with for what was thrown. Default: that itself. */
    readonly catch?: (error: unknown) => E;
  },
): Stream.Stream<A, E> {
  const { catch: toError, ...rest } = options ?? {};
  return Stream.unwrap(
    Effect.gen(function* () {
      const fiber = yield* Effect.fiber;
      const source = cancellableStream(open(), rest as CancellableStreamOptions<A>)[Symbol.asyncIterator]();
      // A place of its own: the next item may be asked for by another fiber than the first.
      const place = new NativeTask(backendOf(fiber), {});
      // Effect itself does not wait for `return()` while an item is being waited for.
      yield* Effect.addFinalizer(() =>
        Effect.promise(async () => {
          await source.return?.();
          await place.end("the stream was closed");
        }),
      );
      const steps: AsyncIterator<A> = { next: () => place.enter(() => source.next(), undefined) };
      return Stream.fromAsyncIterable(
        { [Symbol.asyncIterator]: () => steps },
        toError ?? ((error) => error as E), // typed by the caller
      );
    }),
  );
}

/**
 * An async iterable from a stream of Effect's. Cancelling the scope that reads it, leaving the loop, and a failure
 * end the stream's fiber, whose finalizers are waited for.
 *
 * @example
 * ```ts
 * import { toAsyncIterable } from "@hother/cancelable-backends/effect";
 * import { Stream } from "effect";
 *
 * const seen = [];
 * for await (const item of toAsyncIterable(Stream.make(1, 2, 3))) seen.push(item);
 * console.assert(seen.length === 3);
 * ```
 */
export function toAsyncIterable<A, E>(
  stream: Stream.Stream<A, E>,
  options?: CancellableStreamOptions<A>,
): AsyncIterable<A> {
  return {
    [Symbol.asyncIterator]: () =>
      cancellableStream(Stream.toAsyncIterable(stream), options)[Symbol.asyncIterator](),
  };
}
