import { invalidType, outOfRange, requireOptions } from "../arguments.ts";
import { Cancellable } from "../cancellable.ts";
import { type Span, toMilliseconds } from "../duration.ts";
import type { CancellableOptions } from "../operation/options.ts";
import { AbortSignalSource } from "../sources/abort-signal-source.ts";
import { requireSignal } from "../token/abort-signal.ts";
import type { StreamOptions } from "./reading/stream-options.ts";

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
const newOperationOptions = [
  "id",
  "name",
  "parent",
  "metadata",
  "token",
  "grace",
  "register",
  "progressFrom",
  "progressWeight",
  "timeout",
  "signal",
] as const;

/** @internal The given operation, or a new one with the given options. */
export function toOperation(options: CancellableStreamOptions<never> | undefined): Cancellable {
  requireOptions(options);
  if (options === undefined) return new Cancellable();
  const { operation, timeout, signal } = options;
  if (operation !== undefined) {
    if (!(operation instanceof Cancellable))
      throw invalidType("options.operation", "a Cancellable", operation);
    const extra = newOperationOptions.find((key) => options[key] !== undefined);
    if (extra !== undefined) {
      throw outOfRange("options", `an object with either operation or ${extra}, not both`, options);
    }
    return operation;
  }
  if (timeout !== undefined) toMilliseconds(timeout, "options.timeout");
  if (signal !== undefined) requireSignal(signal, "options.signal");
  const created =
    timeout === undefined ? new Cancellable(options) : Cancellable.withTimeout(timeout, options);
  return signal === undefined ? created : created.addSource(new AbortSignalSource(signal));
}
