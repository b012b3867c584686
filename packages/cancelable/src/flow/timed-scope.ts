import { requireOptions } from "../arguments.ts";
import { type Span, toMilliseconds } from "../duration.ts";
import { CancelScope, type ParentOption, parentNode } from "../scope/cancel-scope.ts";

export interface TimedScopeOptions extends ParentOption {
  /** Whether cancellation from outside is kept out; the own deadline still holds. Default: false. */
  readonly shield?: boolean;
}

/** What `moveOnAfter` and `failAfter` share: `fail` lets the timeout out as an error. */
export function runTimed<T>(
  span: Span,
  body: (scope: CancelScope) => T | PromiseLike<T>,
  options: TimedScopeOptions | undefined,
  fail: boolean,
): Promise<T | undefined> {
  try {
    const ms = toMilliseconds(span, "span");
    requireOptions(options);
    const parent = parentNode(options);
    return new CancelScope(options, parent.clock, ms).execute(body, fail, parent);
  } catch (error) {
    return Promise.reject(error);
  }
}
