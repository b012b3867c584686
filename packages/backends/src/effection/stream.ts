import { type CancellableStreamOptions, cancellableStream, type StreamInput } from "@hother/cancelable";
import {
  createScope,
  ensure,
  type Operation,
  resource,
  type Stream,
  type Subscription,
  suspend,
  until,
  useScope,
} from "effection";
import { effectionBackend } from "./backend.ts";

/**
 * A stream of Effection's from an async iterable, an iterable, a web or a Node stream. Leaving the scope that
 * reads it ends the wait for the next item, also of a silent source, and closes the source, which is waited for.
 *
 * @example
 * ```ts
 * import { fromAsyncIterable } from "@hother/cancelable-backends/effection";
 * import { each, run } from "effection";
 *
 * async function* numbers() {
 *   yield 1;
 *   yield 2;
 * }
 * let sum = 0;
 * await run(function* () {
 *   for (const n of yield* each(fromAsyncIterable(numbers))) {
 *     sum += n;
 *     yield* each.next();
 *   }
 * });
 * console.assert(sum === 3);
 * ```
 */
export function fromAsyncIterable<T>(
  open: () => StreamInput<T>,
  options?: CancellableStreamOptions<T>,
): Stream<T, undefined> {
  return resource(function* reading(provide) {
    const scope = yield* useScope();
    const source = cancellableStream(open(), options)[Symbol.asyncIterator]();
    yield* ensure(function* close() {
      if (source.return !== undefined) yield* until(source.return());
    });
    const subscription: Subscription<T, undefined> = {
      *next(): Operation<IteratorResult<T, undefined>> {
        return yield* until(effectionBackend.enter(scope, () => source.next()));
      },
    };
    yield* provide(subscription);
  });
}

/**
 * An async iterable from a stream of Effection's. Cancelling the scope that reads it, leaving the loop, and a
 * failure end the stream's scope, whose clean-up is waited for.
 *
 * @example
 * ```ts
 * import { toAsyncIterable } from "@hother/cancelable-backends/effection";
 * import { createQueue } from "effection";
 *
 * const queue = createQueue();
 * queue.add(1);
 * queue.close();
 * const seen = [];
 * for await (const item of toAsyncIterable({ *[Symbol.iterator]() { return queue; } })) seen.push(item);
 * console.assert(seen.length === 1);
 * ```
 */
export function toAsyncIterable<T>(
  stream: Stream<T, unknown>,
  options?: CancellableStreamOptions<T>,
): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]: () => cancellableStream(inScope(stream), options)[Symbol.asyncIterator](),
  };
}

/** Reads in an Effection scope of its own, which ends with the reading. */
function inScope<T>(stream: Stream<T, unknown>): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator](): AsyncIterator<T> {
      const [scope, destroy] = createScope();
      let over = false;
      let subscribed: Promise<Subscription<T, unknown>> | undefined;
      const subscribe = (): Promise<Subscription<T, unknown>> =>
        new Promise((resolve, reject) => {
          // What the stream holds lives as long as the task that has subscribed.
          const holding = scope.run(function* hold() {
            resolve(yield* stream);
            yield* suspend();
          });
          holding.then(undefined, reject);
        });
      return {
        async next() {
          subscribed ??= subscribe();
          try {
            const subscription = await subscribed;
            const result = await scope.run(() => subscription.next());
            if (result.done === true) await destroy();
            return result as IteratorResult<T>;
          } catch (error) {
            // Halted by the end of the reading.
            if (over) return { done: true, value: undefined };
            throw error;
          }
        },
        async return() {
          over = true;
          await destroy();
          return { done: true, value: undefined };
        },
      };
    },
  };
}
