import { invalidType } from "../../arguments.ts";
import type { InputReader, OpenableInput } from "./input-reader.ts";
import { isNodeReadable, NodeReadableReader } from "./node-readable.ts";
import { isWebReadable, requireUnlocked, WebReadableReader } from "./web-readable.ts";

/**
 * The sources that a stream can read: an async iterable, an iterable (also of promises), a web `ReadableStream`, a
 * Node `Readable`.
 */
export type StreamInput<T> = AsyncIterable<T> | Iterable<T | PromiseLike<T>> | ReadableStream<T>;

class IteratorReader implements InputReader {
  readonly #iterator: AsyncIterator<unknown> | Iterator<unknown>;
  readonly closeWaits: boolean;

  constructor(iterator: AsyncIterator<unknown> | Iterator<unknown>) {
    this.#iterator = iterator;
    this.closeWaits = Object.prototype.toString.call(iterator) === "[object AsyncGenerator]";
  }

  next(): IteratorResult<unknown> | PromiseLike<IteratorResult<unknown>> {
    return this.#iterator.next();
  }

  close(): unknown {
    return this.#iterator.return?.();
  }
}

/**
 * @internal Recognises an input by its methods, so that no module of the host is imported.
 *
 * @throws TypeError for a value that cannot be read; UsageError `ERR_BUSY` for a `ReadableStream` that has a reader.
 */
export function toOpenableInput(input: unknown, argument: string): OpenableInput {
  if (isWebReadable(input)) {
    requireUnlocked(input, argument);
    return {
      open() {
        requireUnlocked(input, argument);
        return new WebReadableReader(input);
      },
      discard: (reason) => (input.locked ? undefined : input.cancel(reason)),
    };
  }
  if (isNodeReadable(input)) {
    return {
      open: () => new NodeReadableReader(input),
      discard: (reason) => new NodeReadableReader(input).close(reason),
    };
  }
  const iterable = input as Partial<AsyncIterable<unknown> & Iterable<unknown>> | null | undefined;
  const iterator = iterable as Partial<AsyncIterator<unknown>> | null | undefined;
  // An input that is its own iterator, such as a generator, is closed although it was never read.
  const discard = (): unknown => (typeof iterator?.next === "function" ? iterator.return?.() : undefined);
  if (typeof iterable?.[Symbol.asyncIterator] === "function") {
    const asynchronous = iterable as AsyncIterable<unknown>;
    return { open: () => new IteratorReader(asynchronous[Symbol.asyncIterator]()), discard };
  }
  if (typeof iterable?.[Symbol.iterator] === "function") {
    const synchronous = iterable as Iterable<unknown>;
    return { open: () => new IteratorReader(synchronous[Symbol.iterator]()), discard };
  }
  throw invalidType(argument, "an async iterable, an iterable, a ReadableStream or a Node Readable", input);
}
