import type { Operation } from "../operation/operation.ts";
import { UsageError } from "../usage-error.ts";
import type { ItemLog } from "./reading/item-log.ts";
import type { PartialResult } from "./reading/partial-result.ts";
import { type StreamInput, toStreamSource } from "./reading/stream-input.ts";
import { type StreamOptions, toIdleTimeout, toItemLog } from "./reading/stream-options.ts";
import { StreamReader } from "./reading/stream-reader.ts";

/** A stream that can be cancelled. It is read once, by one reader; see `cancellableStream`. */
export class OperationStream<T, O extends Operation> implements AsyncIterable<T>, AsyncDisposable {
  /** What the stream runs in: its status, reason and metadata are the stream's. */
  readonly operation: O;
  readonly #reader: StreamReader;
  readonly #log: ItemLog;
  #taken = false;

  /** @internal */
  constructor(operation: O, reader: StreamReader, log: ItemLog) {
    this.operation = operation;
    this.#reader = reader;
    this.#log = log;
  }

  /** What has been delivered so far. A copy. */
  get partialResult(): PartialResult<T> {
    return this.#log.partial as PartialResult<T>;
  }

  /**
   * Nothing is read before the first `next()`.
   *
   * @throws UsageError `ERR_BUSY` when somebody reads it, `ERR_ALREADY_STARTED` when it has been read.
   */
  [Symbol.asyncIterator](): AsyncIterator<T, undefined, undefined> {
    const reader = this.#reader;
    if (reader.hasEnded) throw new UsageError("ERR_ALREADY_STARTED", "The stream");
    if (this.#taken)
      throw new UsageError("ERR_BUSY", "The stream", "it has one reader; use merge or a queue");
    this.#taken = true;
    return new StreamIterator<T>(reader);
  }

  /** Leaves the stream: closes the source, read or not, and waits for that. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#reader.leave();
  }
}

/** What a consumer reads by. */
class StreamIterator<T> implements AsyncIterableIterator<T, undefined, undefined> {
  readonly #reader: StreamReader;

  constructor(reader: StreamReader) {
    this.#reader = reader;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    return this.#reader.next() as Promise<IteratorResult<T, undefined>>;
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    await this.#reader.leave();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/**
 * @internal `op.stream(source, options)`: in an operation that runs, the stream is a part of it; one that has not
 * started is started by the stream, and ends with it.
 */
export function stream<T, O extends Operation>(
  operation: O,
  source: StreamInput<T>,
  options?: StreamOptions<T>,
): OperationStream<T, O> {
  const input = toStreamSource(source, "source");
  const log = toItemLog(options);
  const reader = new StreamReader(input, operation, log, toIdleTimeout(options));
  return new OperationStream<T, O>(operation, reader, log);
}
