import { invalidType, outOfRange } from "../arguments.ts";
import { Cancellable } from "../cancellable.ts";
import { type KnownOptions } from "../known-options.ts";
import { type CancellableOptions, cancellableOptions } from "../operation/options.ts";
import { type StreamOptions, streamOptions } from "./reading/stream-options.ts";

/**
 * The options of `cancellableStream`: those of `op.stream`, and those of the operation that the stream runs in. The
 * `timeout` counts from the first call of `next()`.
 */
export interface CancellableStreamOptions<T = unknown> extends StreamOptions<T>, CancellableOptions {
  /**
   * The operation to run in. Excludes the options of a new operation. In a running operation the stream is a part of
   * the operation. An operation that has not started is started by the stream, and ends with it. Default: a new
   * operation.
   */
  readonly operation?: Cancellable | undefined;
}

/** @internal */
export const cancellableStreamOptions: KnownOptions<CancellableStreamOptions> = {
  ...streamOptions,
  ...cancellableOptions,
  operation: 1,
};

/** @internal The given operation, or a new one with the given options. */
export function toOperation(options: CancellableStreamOptions<never> | undefined): Cancellable {
  if (options === undefined) return new Cancellable();
  const {
    operation,
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
    const extra = (Object.keys(cancellableOptions) as Array<keyof CancellableOptions>).find(
      (key) => options[key] !== undefined,
    );
    if (extra !== undefined) {
      throw outOfRange("options", `an object with either operation or ${extra}, not both`, options);
    }
    return operation;
  }
  return new Cancellable(rest);
}
