import { outOfRange } from "../arguments.ts";
import { formatSpan, type Span, toMilliseconds } from "../duration.ts";
import type { CancelScope } from "../scope/cancel-scope.ts";
import type { ScopeNode } from "../scope/scope-node.ts";

/** The least time that an attempt needs, in ms. */
export function toMinimum(minimum: Span | undefined): number {
  if (minimum === undefined) return 0;
  const ms = toMilliseconds(minimum, "options.minimum");
  if (ms === Number.POSITIVE_INFINITY) throw outOfRange("options.minimum", "a finite time span", minimum);
  return Math.max(ms, 0);
}

/** Whether an attempt that begins at `at` has `minimum` until the effective deadline. No attempt begins at Infinity. */
export function hasTime({ deadline }: ScopeNode, at: number, minimum: number): boolean {
  return at < deadline && at + minimum <= deadline;
}

/** Throws in a cancelled scope. Cancels `scope` and throws if too little time is left for the first attempt. */
export function requireTime(scope: CancelScope, minimum: number): void {
  const { node } = scope;
  node.check();
  if (node.deadline === Number.POSITIVE_INFINITY || hasTime(node, node.clock.now(), minimum)) return;
  scope.cancel("timeout", `less than ${formatSpan(minimum)} was left for the first attempt`);
  node.check();
}

/** Makes the last failure the cause of `error`, if `error` is the timeout of `scope`. */
export function explainTimeout(
  error: unknown,
  scope: CancelScope,
  failure: { readonly error: unknown } | undefined,
): void {
  const { own } = scope.node;
  if (failure === undefined || own?.reason !== "timeout" || error !== own.error) return;
  Object.defineProperty(error, "cause", { value: failure.error, writable: true, configurable: true });
}
