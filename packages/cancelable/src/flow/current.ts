import { currentNode } from "../scope/ambient.ts";

/**
 * The earliest deadline that holds here, on the way up to the next shield, in milliseconds of the
 * backend's clock: Infinity for none, -Infinity in a cancelled scope (trio: `current_effective_deadline`).
 */
export function currentDeadline(): number {
  const node = currentNode();
  return node.pending() === undefined ? node.effective : Number.NEGATIVE_INFINITY;
}

/** An `AbortSignal` of the ambient scope, to hand to code that takes one. Outside any scope it is never aborted. */
export function currentSignal(): AbortSignal {
  return currentNode().signal;
}
