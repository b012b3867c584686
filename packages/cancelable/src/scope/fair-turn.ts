import type { ScopeNode } from "./scope-node.ts";
import { markGranted } from "./wait-of.ts";

/**
 * A promise of `value`, for a call that need not wait. It resolves at once, or after a turn of the event loop if the
 * current one has taken 4 ms: a loop over such calls must not keep timers, sockets and signals from being served. The
 * turn is no checkpoint, so a cancellation during it loses nothing that the call has taken. The promise is marked as a
 * wait that has ended: the function to which the promise is given delivers the value.
 */
export function resolveFairly<T>(node: ScopeNode, value: T): Promise<T> {
  return markGranted(node.clock.isTurnDue() ? afterTurn(node, value) : Promise.resolve(value));
}

/** Resolves with `value` in the next turn of the event loop. */
export function afterTurn<T>(node: ScopeNode, value: T): Promise<T> {
  return new Promise((resolve) => {
    node.clock.runtime.turn(() => resolve(value));
  });
}
