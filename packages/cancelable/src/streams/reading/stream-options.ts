import { invalidType, requireCount, requireFunction, requireOptions } from "../../arguments.ts";
import { type Span, toMilliseconds } from "../../duration.ts";
import { ItemLog, type StreamProgress } from "./item-log.ts";

/** How a stream is watched; for `op.stream`, which runs in that operation. */
export interface StreamOptions<T = unknown> {
  /** How long the source may be silent while an item is waited for. Then the stream is cancelled, reason `timeout`. Default: no limit. */
  readonly idleTimeout?: Span;
  /** Called with every item, or every `reportEvery` items, before the consumer has it. Async ones are waited for at the stream's end. */
  readonly onProgress?: StreamProgress<T>;
  /** The operation reports its progress every so many items. Default: it does not. */
  readonly reportEvery?: number;
  /** Keeps the latest items for the partial result: `true` for 1,000, or how many. Default: none. */
  readonly bufferPartial?: boolean | number;
}

/** @internal Items kept with `bufferPartial: true`. */
const defaultBuffer = 1_000;

/** @internal What the options say of the items. */
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

/** @internal */
export function toIdleTimeout(options: StreamOptions<never> | undefined): number | undefined {
  const span = options?.idleTimeout;
  return span === undefined ? undefined : toMilliseconds(span, "options.idleTimeout");
}
