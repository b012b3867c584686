import { type Span, toMilliseconds } from "../duration.ts";
import { type KnownOptions, requireKnownOptions } from "../known-options.ts";
import { CancelScope, type ParentOption, parentNode, placeOptions } from "../scope/cancel-scope.ts";

export interface TimedScopeOptions extends ParentOption {
  /** Whether the scope is protected from cancellation from outside. Its own deadline still applies. Default: false. */
  readonly shield?: boolean;
}

const known: KnownOptions<TimedScopeOptions> = { ...placeOptions, shield: 1 };

/** Runs `body` in a scope with a deadline. With `fail` the timeout rejects; without, it resolves with `undefined`. */
export function runTimed<T>(
  span: Span,
  body: (scope: CancelScope) => T | PromiseLike<T>,
  options: TimedScopeOptions | undefined,
  fail: boolean,
  of: string,
): Promise<T | undefined> {
  try {
    const ms = toMilliseconds(span, "span");
    requireKnownOptions(options, known, of);
    const parent = parentNode(options);
    return new CancelScope(options, parent.clock, ms).execute(body, fail, parent);
  } catch (error) {
    return Promise.reject(error);
  }
}
