import {
  type CancellableStreamOptions,
  cancellableStream,
  report,
  type StreamInput,
} from "@hother/cancelable";
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
 * Converts an async iterable, an iterable, a web stream or a Node stream to an Effection stream. Leaving the reading
 * Effection scope ends the wait for the next item, even if the source is silent, and waits until the source is closed.
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
      yield* until(Promise.resolve(source.return?.()));
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
 * Converts an Effection stream to an async iterable. The Effection scope of the stream ends when the reading scope is
 * cancelled, when the loop is left, and on a failure. The reader waits for the clean-up of the Effection scope.
 *
 * @example
 * ```ts
 * import { toAsyncIterable } from "@hother/cancelable-backends/effection";
 * import { createQueue } from "effection";
 *
 * const queue = createQueue();
 * queue.add(1);
 * queue.close(undefined);
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

/** Reads the stream in a new Effection scope, which ends when the reading ends. */
function inScope<T>(stream: Stream<T, unknown>): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator](): AsyncIterator<T> {
      const [scope, destroy] = createScope();
      let isClosed = false;
      let subscribed: Promise<Subscription<T, unknown>> | undefined;
      const subscribe = (): Promise<Subscription<T, unknown>> =>
        new Promise((resolve, reject) => {
          // The resources of the stream live as long as this task.
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
            // `return()` has halted the wait for the item.
            if (isClosed) return { done: true, value: undefined };
            // No code calls `return()` of an iterator that has failed.
            await destroy().then(undefined, (failure) => report(failure, "closing an Effection stream"));
            throw error;
          }
        },
        async return() {
          isClosed = true;
          await destroy();
          return { done: true, value: undefined };
        },
      };
    },
  };
}
