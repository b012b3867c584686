import { type Span, toMilliseconds } from "../duration.ts";
import { requireKnownOptions } from "../known-options.ts";
import { CancelScope } from "../scope/cancel-scope.ts";
import { parentNode, type ScopeOptions, scopeOptions } from "../scope/scope-options.ts";

/** Runs `body` in a scope with a deadline. With `fail` the timeout rejects; without, it resolves with `undefined`. */
export function runTimed<T>(
  span: Span,
  body: (scope: CancelScope) => T | PromiseLike<T>,
  options: ScopeOptions | undefined,
  fail: boolean,
  of: string,
): Promise<T | undefined> {
  try {
    const ms = toMilliseconds(span, "span");
    requireKnownOptions(options, scopeOptions, of);
    const parent = parentNode(options);
    return new CancelScope(options, parent.clock, ms).execute(body, fail, parent);
  } catch (error) {
    return Promise.reject(error);
  }
}
