import { invalidType, outOfRange, requireOptions } from "../arguments.ts";
import { Cancellable } from "../cancellable.ts";
import { type Span, toMilliseconds } from "../duration.ts";
import type { CancellableOptions } from "../operation/options.ts";
import { AbortSignalSource } from "../sources/abort-signal-source.ts";
import { requireSignal } from "../token/abort-signal.ts";
import type { StreamOptions } from "./reading/stream-options.ts";

/** What may cancel a stream, and how its operation is called, too. */
export interface CancellableStreamOptions<T = unknown> extends StreamOptions<T>, CancellableOptions {
  /** Time allowed, counted from the first item that is asked for. Default: no limit. */
  readonly timeout?: Span;
  /** Cancels the stream when it is aborted. */
  readonly signal?: AbortSignal;
  /**
   * The operation to run in, instead of a new one: not with the options of a new one. One that has not started is
   * started by the stream, and ends with it; in one that runs, the stream is a part of it.
   */
  readonly operation?: Cancellable;
}

const forNew = [
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

/** @internal The operation that the options speak of. */
export function toOperation(options: CancellableStreamOptions<never> | undefined): Cancellable {
  requireOptions(options);
  if (options === undefined) return new Cancellable();
  const { operation, timeout, signal } = options;
  if (operation !== undefined) {
    if (!(operation instanceof Cancellable))
      throw invalidType("options.operation", "a Cancellable", operation);
    const extra = forNew.find((key) => options[key] !== undefined);
    if (extra !== undefined) {
      throw outOfRange("options", `given an operation or the ${extra} of a new one, not both`, options);
    }
    return operation;
  }
  if (timeout !== undefined) toMilliseconds(timeout, "options.timeout");
  if (signal !== undefined) requireSignal(signal, "options.signal");
  const created =
    timeout === undefined ? new Cancellable(options) : Cancellable.withTimeout(timeout, options);
  return signal === undefined ? created : created.addSource(new AbortSignalSource(signal));
}
