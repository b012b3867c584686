import { invalidType, outOfRange } from "../arguments.ts";
import { Cancellable } from "../cancellable.ts";
import { type Span, toMilliseconds } from "../duration.ts";
import { type KnownOptions } from "../known-options.ts";
import { type CancellableOptions, cancellableOptions } from "../operation/options.ts";
import { AbortSignalSource } from "../sources/abort-signal-source.ts";
import { requireSignal } from "../token/abort-signal.ts";
import { type StreamOptions, streamOptions } from "./reading/stream-options.ts";

/** The options of `cancellableStream`: those of `op.stream`, and those of the operation that the stream runs in. */
export interface CancellableStreamOptions<T = unknown> extends StreamOptions<T>, CancellableOptions {
  /** Time allowed for the whole stream, counted from the first call of `next()`. Default: no limit. */
  readonly timeout?: Span;
  /** Cancels the stream when this signal is aborted. Default: none. */
  readonly signal?: AbortSignal;
  /**
   * The operation to run in. Excludes the options of a new operation. In a running operation the stream is a part of
   * the operation. An operation that has not started is started by the stream, and ends with it. Default: a new
   * operation.
   */
  readonly operation?: Cancellable;
}

/** The options of a new operation. */
const newOperationOptions = { ...cancellableOptions, timeout: 1, signal: 1 } as const;

/** @internal */
export const cancellableStreamOptions: KnownOptions<CancellableStreamOptions> = {
  ...streamOptions,
  ...newOperationOptions,
  operation: 1,
};

/** @internal The given operation, or a new one with the given options. */
export function toOperation(options: CancellableStreamOptions<never> | undefined): Cancellable {
  if (options === undefined) return new Cancellable();
  const {
    operation,
    timeout,
    signal,
    idleTimeout: _,
    onProgress: __,
    reportEvery: ___,
    bufferPartial: ____,
    onUndelivered: _____,
    ...rest
  } = options;
  if (operation !== undefined) {
    if (!(operation instanceof Cancellable))
      throw invalidType("options.operation", "a Cancellable", operation);
    const extra = (Object.keys(newOperationOptions) as Array<keyof typeof newOperationOptions>).find(
      (key) => options[key] !== undefined,
    );
    if (extra !== undefined) {
      throw outOfRange("options", `an object with either operation or ${extra}, not both`, options);
    }
    return operation;
  }
  if (timeout !== undefined) toMilliseconds(timeout, "options.timeout");
  if (signal !== undefined) requireSignal(signal, "options.signal");
  const created = timeout === undefined ? new Cancellable(rest) : Cancellable.withTimeout(timeout, rest);
  return signal === undefined ? created : created.addSource(new AbortSignalSource(signal));
}
