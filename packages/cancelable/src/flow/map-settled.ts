import { requireFunction } from "../arguments.ts";
import { isCancellation } from "../is-cancellation.ts";
import type { Outcome } from "../operation/outcome.ts";
import type { AmbientScope } from "../scope/ambient-scope.ts";
import type { StreamInput } from "../streams/reading/stream-input.ts";
import { type ConcurrencyOptions, inGroup, toConcurrency } from "./in-group.ts";
import { itemsOf } from "./pulling.ts";

/**
 * As {@link map}, but a call that fails stops nothing: resolves with the outcome of every call, in order. Rejects only if
 * the source fails, or if the calls are cancelled.
 *
 * @example
 * ```ts
 * import { mapSettled } from "@hother/cancelable";
 *
 * const outcomes = await mapSettled(["1", "x"], (text) => BigInt(text));
 * console.assert(outcomes.map((one) => one.status).join() === "completed,failed");
 * ```
 */
export async function mapSettled<I, T>(
  items: StreamInput<I>,
  fn: (item: I, index: number, scope: AmbientScope) => T | PromiseLike<T>,
  options?: ConcurrencyOptions,
): Promise<Outcome<T>[]> {
  requireFunction(fn, "fn");
  const limits = toConcurrency(options, "mapSettled");
  const outcomes: Outcome<T>[] = [];
  const call = async (item: I, index: number, scope: AmbientScope): Promise<Outcome<T>> => {
    try {
      return { status: "completed", value: await fn(item, index, scope) };
    } catch (error) {
      if (isCancellation(error, scope)) throw error;
      return { status: "failed", error };
    }
  };
  await inGroup(itemsOf(items, "items"), limits, call, (outcome, index) => {
    outcomes[index] = outcome;
  });
  return outcomes;
}
