import { invalidType, isThenable } from "../arguments.ts";
import type { Span } from "../duration.ts";
import type { CancelScope, ParentOption } from "../scope/cancel-scope.ts";
import { abandon } from "../scope/waiting.ts";
import { failAfter } from "./fail-after.ts";

/**
 * A function is run as by {@link failAfter}. An existing promise is waited for at most `span`; when the
 * time is over (or the ambient scope is cancelled) its result is abandoned, and its late rejection is
 * swallowed. Rejects with a `TimeoutCancellation`.
 *
 * @example
 * ```ts
 * import { isCancellation, withTimeout } from "@hother/cancelable";
 *
 * const never = new Promise<string>(() => {});
 * await withTimeout(10, never).catch((error) => console.assert(isCancellation(error)));
 * ```
 */
export async function withTimeout<T>(
  span: Span,
  bodyOrPromise: ((scope: CancelScope) => T | PromiseLike<T>) | PromiseLike<T>,
  options?: ParentOption,
): Promise<T> {
  if (typeof bodyOrPromise === "function") {
    return failAfter(span, bodyOrPromise as (scope: CancelScope) => T | PromiseLike<T>, options);
  }
  if (!isThenable(bodyOrPromise))
    throw invalidType("bodyOrPromise", "a function or a promise", bodyOrPromise);
  // Whatever goes wrong with the arguments, the promise was handed over: its rejection is ours.
  abandon(bodyOrPromise);
  return failAfter(span, (scope) => scope.waitFor(bodyOrPromise), options);
}
