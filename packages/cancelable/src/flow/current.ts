import { currentNode } from "../scope/ambient.ts";

/**
 * The earliest deadline of the ambient scope and the scopes above it, up to the next shield, in milliseconds of
 * the backend's clock (trio: `current_effective_deadline`). Infinity without a deadline; -Infinity in a
 * cancelled scope.
 */
export function currentDeadline(): number {
  const node = currentNode();
  return node.pending() === undefined ? node.effective : Number.NEGATIVE_INFINITY;
}

/** The `AbortSignal` of the ambient scope, for code that accepts a signal. Never aborted outside of any scope. */
export function currentSignal(): AbortSignal {
  return currentNode().signal;
}
