import { invalidType, requireFunction } from "../../arguments.ts";
import type { InputReader, OpenableInput } from "./input-reader.ts";
import { isNodeReadable, NodeReadableReader } from "./node-readable.ts";
import { isWebReadable, requireUnlocked, WebReadableReader } from "./web-readable.ts";

/**
 * The sources that a stream can read: an async iterable, an iterable (also of promises), a web `ReadableStream`, a
 * Node `Readable`.
 */
export type StreamInput<T> = AsyncIterable<T> | Iterable<T | PromiseLike<T>> | ReadableStream<T>;

type Next = () => IteratorResult<unknown> | PromiseLike<IteratorResult<unknown>>;

/** Calls an iterator as ECMAScript prescribes for `for await`: `next` is looked up once, and results must be objects. */
class IteratorReader implements InputReader {
  readonly #iterator: AsyncIterator<unknown> | Iterator<unknown>;
  readonly #next: Next;
  readonly #argument: string;
  readonly readsAhead = false;

  /** @param method The name of the method that returned the iterator. */
  constructor(iterator: AsyncIterator<unknown> | Iterator<unknown>, argument: string, method: string) {
    if (!isObject(iterator)) throw invalidType(`${argument}[Symbol.${method}]()`, "an iterator", iterator);
    const { next } = iterator;
    requireFunction(next, `the next of ${argument}`);
    this.#iterator = iterator;
    this.#next = next as Next;
    this.#argument = argument;
  }

  next(): ReturnType<Next> {
    return this.#next.call(this.#iterator);
  }

  close(): unknown {
    return callReturn(this.#iterator, this.#argument);
  }
}

function isObject(value: unknown): boolean {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

/** Calls `return()` of an iterator that has this method. */
async function callReturn(
  iterator: { readonly return?: (() => unknown) | null | undefined },
  argument: string,
): Promise<void> {
  const close = iterator.return;
  if (close === undefined || close === null) return;
  requireFunction(close, `the return of ${argument}`);
  const result = await close.call(iterator);
  if (!isObject(result)) throw invalidType(`the result of return() of ${argument}`, "an object", result);
}

/** Handles the rejections of promises that the stream does not reach. The stream itself still throws those it reaches. */
function takeOver(items: readonly unknown[]): void {
  // Native promises only: `then()` of other thenables can start their work.
  for (const item of items) if (item instanceof Promise) item.then(undefined, () => {});
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
  const discard = (): unknown =>
    typeof iterator?.next === "function" ? callReturn(iterator, argument) : undefined;
  if (typeof iterable?.[Symbol.asyncIterator] === "function") {
    const asynchronous = iterable as AsyncIterable<unknown>;
    return {
      open: () => new IteratorReader(asynchronous[Symbol.asyncIterator](), argument, "asyncIterator"),
      discard,
    };
  }
  if (typeof iterable?.[Symbol.iterator] === "function") {
    const synchronous = iterable as Iterable<unknown>;
    if (Array.isArray(input)) takeOver(input);
    return {
      open: () => new IteratorReader(synchronous[Symbol.iterator](), argument, "iterator"),
      discard,
    };
  }
  throw invalidType(argument, "an async iterable, an iterable, a ReadableStream or a Node Readable", input);
}
