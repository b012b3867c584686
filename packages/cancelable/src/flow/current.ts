import { currentNode } from "../scope/ambient.ts";
import { AmbientScope } from "../scope/ambient-scope.ts";

/**
 * The earliest deadline of the ambient scope and the scopes above it, up to the next shield, in milliseconds of
 * the backend's clock (trio: `current_effective_deadline`). Infinity without a deadline; -Infinity in a
 * cancelled scope.
 */
export function currentDeadline(): number {
  const node = currentNode();
  return node.pending() === undefined ? node.deadline : Number.NEGATIVE_INFINITY;
}

/** The `AbortSignal` of the ambient scope, for code that accepts a signal. Never aborted outside of any scope. */
export function currentSignal(): AbortSignal {
  return currentNode().signal;
}

/**
 * The ambient scope, to hand to a function: as the `parent` of a scope, or as the second argument of
 * `isCancellation`. Outside of every scope it is the implicit root, which is never cancelled.
 *
 * @example
 * ```ts
 * import { currentScope, isCancellation } from "@hother/cancelable";
 *
 * async function attempt<T>(times: number, fn: () => Promise<T>): Promise<T> {
 *   const scope = currentScope();
 *   for (let left = times; ; left--) {
 *     try {
 *       return await fn();
 *     } catch (error) {
 *       // A cancellation of the caller is no failed attempt.
 *       if (left <= 1 || isCancellation(error, scope)) throw error;
 *     }
 *   }
 * }
 *
 * console.assert((await attempt(3, async () => 42)) === 42);
 * ```
 */
export function currentScope(): AmbientScope {
  return new AmbientScope(currentNode());
}
