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
 * Converts an async iterable, an iterable, a web stream or a Node stream to an Effect stream. Interrupting the reading
 * fiber ends the wait for the next item, even if the source is silent, and waits until the source is closed. Errors of
 * the source and cancellations are typed failures. Each run of the stream calls `open`.
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
    /** Converts an error of the source to the error of the stream. Default: the same error. */
    readonly catch?: (error: unknown) => E;
  },
): Stream.Stream<A, E> {
  const { catch: toError, ...rest } = options ?? {};
  return Stream.unwrap(
    Effect.gen(function* () {
      const fiber = yield* Effect.fiber;
      const source = cancellableStream(open(), rest as CancellableStreamOptions<A>)[Symbol.asyncIterator]();
      // A native task for the stream, and not for the fiber: different fibers may read the first and the next item.
      const task = new NativeTask(backendOf(fiber), {});
      // Effect does not wait for `return()` if a `next()` is pending.
      yield* Effect.addFinalizer(() =>
        Effect.promise(async () => {
          await source.return?.();
          await task.end("the stream was closed");
        }),
      );
      const steps: AsyncIterator<A> = { next: () => task.enter(() => source.next(), undefined) };
      return Stream.fromAsyncIterable(
        { [Symbol.asyncIterator]: () => steps },
        toError ?? ((error) => error as E), // the caller chooses the type
      );
    }),
  );
}

/**
 * Converts an Effect stream to an async iterable. The fiber of the stream ends when the reading scope is cancelled,
 * when the loop is left, and on a failure. The reader waits for the finalizers of the fiber.
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
