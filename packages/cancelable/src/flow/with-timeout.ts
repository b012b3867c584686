import { invalidType, isThenable } from "../arguments.ts";
import type { Span } from "../duration.ts";
import { type KnownOptions, requireKnownOptions } from "../known-options.ts";
import type { CancelScope } from "../scope/cancel-scope.ts";
import { parentNode, type ScopeOptions, scopeOptions } from "../scope/scope-options.ts";
import { abandon } from "../scope/waiting.ts";
import type { Cancellation } from "../token/cancellation.ts";
import { timedScope } from "./timed-scope.ts";

/** Options of {@link withTimeout}: the result of its own expiry. `value` or `error`, not both. */
export interface WithTimeoutOptions<V = never> extends ScopeOptions {
  /** Resolve with this value when the time is over. `undefined` is a value too. Default: reject. */
  readonly value?: V;
  /** Reject with this error when the time is over; a function is called for it. Default: a `TimeoutCancellation`. */
  readonly error?: unknown;
}

const known: KnownOptions<WithTimeoutOptions> = { ...scopeOptions, value: 1, error: 1 };

/**
 * As {@link failAfter}, but accepts a promise too, and can end with a value or an error of the caller. A function runs as in
 * `failAfter`. A promise is waited for during at most `span`: after a timeout or a cancellation of the
 * ambient scope, its late value or rejection is ignored. A wait of this library, such as `lock.acquire()`, is handed over:
 * after a timeout it has left its line, and nothing is lost. A timeout rejects with a `TimeoutCancellation`, unless the
 * options say otherwise. The options are for the expiry of this call only: a cancellation from outside, or an earlier
 * deadline of an outer scope, is thrown.
 *
 * @param span Milliseconds, a `Duration`, or `null` for no limit.
 * @throws TypeError when `value` and `error` are both given.
 *
 * @example
 * ```ts
 * import { isCancellation, withTimeout } from "@hother/cancelable";
 *
 * const never = new Promise<string>(() => {});
 * await withTimeout(10, never).catch((error) => console.assert(isCancellation(error)));
 * console.assert((await withTimeout(10, never, { value: "default" })) === "default");
 * ```
 */
export async function withTimeout<T, V = never>(
  span: Span,
  work: ((scope: CancelScope) => T | PromiseLike<T>) | PromiseLike<T>,
  options?: WithTimeoutOptions<V>,
): Promise<T | V> {
  let body = work as (scope: CancelScope) => T | PromiseLike<T>;
  if (typeof work !== "function") {
    if (!isThenable(work)) throw invalidType("work", "a function or a promise", work);
    // The caller gave the promise away: after a bad argument or a timeout, no code waits for it.
    abandon(work);
    body = (scope) => scope.waitFor(work);
  }
  requireKnownOptions(options, known, "withTimeout");
  const hasValue = options !== undefined && "value" in options;
  const error = options?.error;
  if (hasValue && error !== undefined)
    throw invalidType("options", "an object with value or error, not both", options);
  const parent = parentNode(options);
  const scope = timedScope(span, withoutOutcome(options), parent, "withTimeout");
  // `undefined` is possible only without `fail`: here a timeout rejects.
  if (!hasValue && error === undefined) return scope.execute(body, true, parent) as Promise<T>;
  const result = await scope.execute(body, false, parent);
  if (!scope.cancelledCaught) return result as T; // the body's value
  const { reason, error: cancellation } = scope.node.own as Cancellation; // the one that the scope has absorbed
  // A cancellation by a token, a signal or `scope.cancel()` is no expiry.
  if (reason !== "timeout" || cancellation.cause !== undefined) throw cancellation;
  if (hasValue) return options.value as V; // given
  throw typeof error === "function" ? error() : error;
}

function withoutOutcome(options: WithTimeoutOptions<unknown> | undefined): ScopeOptions | undefined {
  if (options === undefined) return undefined;
  const { value: _value, error: _error, ...limits } = options;
  return limits;
}
