import { invalidType, requireCount, requireFunction, requireOptions } from "../../arguments.ts";
import { type Span, toMilliseconds } from "../../duration.ts";
import { guardCallback } from "../../guard-callback.ts";
import { type KnownOptions } from "../../known-options.ts";
import type { OpenableInput } from "./input-reader.ts";
import { ItemLog, type StreamProgress } from "./item-log.ts";
import { toOpenableInput } from "./stream-input.ts";

/** The options of `op.stream`: limits and reports of a stream in an operation that exists already. */
export interface StreamOptions<T = unknown> {
  /**
   * The longest time that the reader waits for an item. After this time the stream is cancelled with reason `timeout`.
   * Default: no limit.
   */
  readonly idleTimeout?: Span | undefined;
  /**
   * Called with every item, or with every `reportEvery`-th item, before the reader gets the item. The stream waits for
   * async callbacks at its end. Default: none.
   */
  readonly onProgress?: StreamProgress<T> | undefined;
  /** The number of items between two progress reports of the operation. Default: no reports. */
  readonly reportEvery?: number | undefined;
  /** The number of latest items that the partial result keeps; `true` is 1,000. Default: none. */
  readonly bufferPartial?: boolean | number | undefined;
  /** Called with every item that was pulled and that the reader did not get. Default: none. */
  readonly onUndelivered?: ((item: T) => unknown) | undefined;
}

/** @internal */
export const streamOptions: KnownOptions<StreamOptions> = {
  idleTimeout: 1,
  onProgress: 1,
  reportEvery: 1,
  bufferPartial: 1,
  onUndelivered: 1,
};

/** @internal The parsed arguments of a stream. */
export interface StreamParts {
  readonly input: OpenableInput;
  readonly log: ItemLog;
  /** The parsed `idleTimeout`, in ms. */
  readonly idleMs: number | undefined;
  readonly onUndelivered: ((item: unknown) => void) | undefined;
}

/** The number of items that `bufferPartial: true` keeps. */
const defaultBuffer = 1_000;

/** @internal Checks and parses the arguments of a stream, once. Nothing is read or started. */
export function toStreamParts(source: unknown, options: StreamOptions<never> | undefined): StreamParts {
  const input = toOpenableInput(source, "source");
  const log = toItemLog(options);
  const idleTimeout = options?.idleTimeout;
  const idleMs = idleTimeout === undefined ? undefined : toMilliseconds(idleTimeout, "options.idleTimeout");
  return { input, log, idleMs, onUndelivered: toUndelivered(options) };
}

/** @internal Parses `onUndelivered`. An error of the callback, thrown or rejected, goes to the reporter. */
export function toUndelivered(
  options: { readonly onUndelivered?: ((item: never) => unknown) | undefined } | undefined,
): ((item: unknown) => void) | undefined {
  // The items of a stream are not known here.
  const callback = options?.onUndelivered as ((item: unknown) => unknown) | undefined;
  return guardCallback(callback, "onUndelivered");
}

/** @internal Parses the options that concern the items. */
export function toItemLog(options: StreamOptions<never> | undefined): ItemLog {
  requireOptions(options);
  const { onProgress, reportEvery, bufferPartial = false } = options ?? {};
  if (onProgress !== undefined) requireFunction(onProgress, "options.onProgress");
  if (reportEvery !== undefined) requireCount(reportEvery, "options.reportEvery", 1);
  if (typeof bufferPartial !== "boolean") {
    if (typeof bufferPartial !== "number") {
      throw invalidType("options.bufferPartial", "true, false or a number", bufferPartial);
    }
    requireCount(bufferPartial, "options.bufferPartial", 1);
  }
  const limit = bufferPartial === true ? defaultBuffer : bufferPartial === false ? 0 : bufferPartial;
  return new ItemLog(limit, reportEvery, onProgress as StreamProgress<unknown> | undefined);
}
