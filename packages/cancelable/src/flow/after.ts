import { type Span, toMilliseconds } from "../duration.ts";

/** An arm of `select` that is ready when a time is over. Made by {@link after}. */
export class After {
  /** @internal */
  readonly ms: number;

  /** @internal */
  constructor(ms: number) {
    this.ms = ms;
  }
}

/**
 * An arm of {@link select} that is ready `span` after the call of `select`. A span of 0 or less is ready at once;
 * `Infinity` and `null` are never ready. The time is that of the backend.
 *
 * @param span Milliseconds, a `Duration`, or `null`.
 * @throws RangeError for `NaN`, TypeError for another type.
 *
 * @example
 * ```ts
 * import { after, Queue, select } from "@hother/cancelable";
 *
 * const queue = new Queue<string>();
 * const { key } = await select({ item: queue, late: after(10) });
 * console.assert(key === "late");
 * ```
 */
export function after(span: Span): After {
  return new After(toMilliseconds(span, "span"));
}
