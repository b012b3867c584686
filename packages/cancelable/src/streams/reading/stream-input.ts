import { invalidType } from "../../arguments.ts";
import { UsageError } from "../../usage-error.ts";
import { isNodeReadable, NodeReadableReader, type ReadableLike } from "./node-readable.ts";

/** What a stream can be made of: an async iterable, an iterable (of promises too), a web `ReadableStream`, a Node `Readable`. */
export type StreamInput<T> = AsyncIterable<T> | Iterable<T | PromiseLike<T>> | ReadableStream<T>;

/** @internal The source of a stream, being read. */
export interface SourceReader {
  next(): IteratorResult<unknown> | PromiseLike<IteratorResult<unknown>>;
  /** `return()`, `destroy(error)` or `cancel(reason)`; called once. `undefined`: the consumer left. */
  close(reason: unknown): unknown;
  /** It came to its end, and is not closed. */
  ended?(): void;
  /** Whether a pull that was under way fails with this because of `close`, and for no reason of the source's. */
  isOfClosing?(error: unknown): boolean;
  /** Async generators: a close waits until the pull that is under way has ended. */
  readonly queues: boolean;
}

/** @internal A source that has been looked at, and not been touched yet. */
export interface StreamSource {
  /** Begins to read. Called once. */
  open(): SourceReader;
  /** Closes what will never be read. */
  discard(reason: unknown): unknown;
}

class IteratorReader implements SourceReader {
  readonly #iterator: AsyncIterator<unknown> | Iterator<unknown>;
  readonly queues: boolean;

  constructor(iterator: AsyncIterator<unknown> | Iterator<unknown>) {
    this.#iterator = iterator;
    this.queues = Object.prototype.toString.call(iterator) === "[object AsyncGenerator]";
  }

  next(): IteratorResult<unknown> | PromiseLike<IteratorResult<unknown>> {
    return this.#iterator.next();
  }

  close(): unknown {
    return this.#iterator.return?.();
  }
}

class WebReader implements SourceReader {
  readonly #reader: ReadableStreamDefaultReader<unknown>;
  readonly queues = false;

  constructor(stream: ReadableStream<unknown>) {
    this.#reader = stream.getReader();
  }

  next(): PromiseLike<IteratorResult<unknown>> {
    return this.#reader.read() as Promise<IteratorResult<unknown>>; // the same shape
  }

  ended(): void {
    this.#reader.releaseLock();
  }

  async close(reason: unknown): Promise<void> {
    try {
      await this.#reader.cancel(reason);
    } finally {
      this.#reader.releaseLock();
    }
  }
}

function requireUnlocked(stream: ReadableStream<unknown>, argument: string): void {
  if (stream.locked) throw new UsageError("ERR_BUSY", argument, "the ReadableStream has a reader");
}

function isWebStream(source: unknown): source is ReadableStream<unknown> {
  const candidate = source as Partial<ReadableStream> | null | undefined;
  return typeof candidate?.getReader === "function" && typeof candidate.cancel === "function";
}

/**
 * @internal Looks at what `source` is, by what it can do: nothing of the host is imported.
 *
 * @throws TypeError for what cannot be read; UsageError `ERR_BUSY` for a `ReadableStream` that has a reader.
 */
export function toStreamSource(source: unknown, argument: string): StreamSource {
  if (isWebStream(source)) {
    requireUnlocked(source, argument);
    return {
      open() {
        requireUnlocked(source, argument);
        return new WebReader(source);
      },
      discard: (reason) => (source.locked ? undefined : source.cancel(reason)),
    };
  }
  if (isNodeReadable(source)) {
    const readable: ReadableLike = source;
    return {
      open: () => new NodeReadableReader(readable),
      discard: (reason) => new NodeReadableReader(readable).close(reason),
    };
  }
  const iterable = source as Partial<AsyncIterable<unknown> & Iterable<unknown>> | null | undefined;
  const own = iterable as Partial<AsyncIterator<unknown>> | null | undefined;
  // What is an iterator itself, a generator for instance, is closed although it was never read.
  const discard = (): unknown => (typeof own?.next === "function" ? own.return?.() : undefined);
  if (typeof iterable?.[Symbol.asyncIterator] === "function") {
    const asynchronous = iterable as AsyncIterable<unknown>;
    return { open: () => new IteratorReader(asynchronous[Symbol.asyncIterator]()), discard };
  }
  if (typeof iterable?.[Symbol.iterator] === "function") {
    const synchronous = iterable as Iterable<unknown>;
    return { open: () => new IteratorReader(synchronous[Symbol.iterator]()), discard };
  }
  throw invalidType(argument, "an async iterable, an iterable, a ReadableStream or a Node Readable", source);
}
