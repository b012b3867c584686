import { requireKnownOptions } from "../known-options.ts";
import type { Operation } from "../operation/operation.ts";
import { report } from "../reporter.ts";
import { UsageError } from "../usage-error.ts";
import { closingSource } from "./reading/close-limit.ts";
import type { ItemLog } from "./reading/item-log.ts";
import type { PartialResult } from "./reading/partial-result.ts";
import type { StreamInput } from "./reading/stream-input.ts";
import {
  type StreamOptions,
  type StreamParts,
  streamOptions,
  toStreamParts,
} from "./reading/stream-options.ts";
import { StreamReader } from "./reading/stream-reader.ts";

/** A stream that can be cancelled. It is read once, by one reader; see `cancellableStream`. */
export class OperationStream<T, O extends Operation> implements AsyncIterable<T>, AsyncDisposable {
  /** The operation that the stream runs in. Its status, reason and metadata are those of the stream. */
  readonly operation: O;
  readonly #reader: StreamReader;
  readonly #log: ItemLog;
  #isTaken = false;

  /** @internal */
  constructor(operation: O, parts: StreamParts) {
    this.operation = operation;
    this.#reader = new StreamReader(parts, operation);
    this.#log = parts.log;
  }

  /** The items that were delivered so far. A copy. */
  get partialResult(): PartialResult<T> {
    return this.#log.partial as PartialResult<T>;
  }

  /**
   * Takes the stream for one reader. Nothing is read before the first `next()`.
   *
   * @throws UsageError `ERR_BUSY` when the stream has a reader, `ERR_ALREADY_STARTED` when it has ended.
   */
  [Symbol.asyncIterator](): AsyncIterator<T, undefined, undefined> {
    const reader = this.#reader;
    if (reader.hasEnded) throw new UsageError("ERR_ALREADY_STARTED", "The stream");
    if (this.#isTaken)
      throw new UsageError("ERR_BUSY", "The stream", "it has one reader; use a Queue for several");
    this.#isTaken = true;
    return new StreamIterator<T>(reader);
  }

  /** Closes the stream and its source, also if it was never read, and waits until both have ended. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#reader.close();
  }
}

class StreamIterator<T> implements AsyncIterableIterator<T, undefined, undefined> {
  readonly #reader: StreamReader;

  constructor(reader: StreamReader) {
    this.#reader = reader;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    return this.#reader.next() as Promise<IteratorResult<T, undefined>>;
  }

  // As in a generator: the value goes to the caller, for instance to `yield*`.
  async return(value?: undefined | PromiseLike<undefined>): Promise<IteratorReturnResult<undefined>> {
    await this.#reader.close();
    return { done: true, value: await value };
  }

  /** Closes the stream and rejects with `error`. */
  async throw(error: unknown): Promise<never> {
    try {
      await this.#reader.close();
    } catch (failure) {
      report(failure, closingSource);
    }
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/**
 * @internal `op.stream(source, options)`. In a running operation the stream is a part of the operation. An operation
 * that has not started is started by the stream, and ends with it.
 */
export function stream<T, O extends Operation>(
  operation: O,
  source: StreamInput<T>,
  options?: StreamOptions<T>,
): OperationStream<T, O> {
  requireKnownOptions(options, streamOptions, "op.stream");
  return new OperationStream<T, O>(operation, toStreamParts(source, options));
}
