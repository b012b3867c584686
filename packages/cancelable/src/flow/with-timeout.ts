import { invalidType, isThenable } from "../arguments.ts";
import type { Span } from "../duration.ts";
import type { CancelScope } from "../scope/cancel-scope.ts";
import { parentNode, type ScopeOptions } from "../scope/scope-options.ts";
import { abandon } from "../scope/waiting.ts";
import { timedScope } from "./timed-scope.ts";

/**
 * {@link failAfter} that also accepts a promise. A function is run as by `failAfter`. A promise is waited for
 * during at most `span`: after a timeout or a cancellation of the ambient scope, its late value or rejection is
 * ignored. A timeout rejects with a `TimeoutCancellation`.
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
  options?: ScopeOptions,
): Promise<T> {
  let body = bodyOrPromise as (scope: CancelScope) => T | PromiseLike<T>;
  if (typeof bodyOrPromise !== "function") {
    if (!isThenable(bodyOrPromise))
      throw invalidType("bodyOrPromise", "a function or a promise", bodyOrPromise);
    // The caller gave the promise away: after a bad argument or a timeout, no code waits for it.
    abandon(bodyOrPromise);
    body = (scope) => scope.waitFor(bodyOrPromise);
  }
  const parent = parentNode(options);
  // `undefined` is possible only without `fail`: here a timeout rejects.
  return timedScope(span, options, parent, "withTimeout").execute(body, true, parent) as Promise<T>;
}
