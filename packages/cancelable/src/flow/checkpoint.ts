import { currentNode } from "../scope/ambient.ts";
import { nextTurnIn } from "../scope/sleeper.ts";
import { rejectIfCancelled } from "../scope/waiting.ts";

/** The longest time that the event loop goes without a turn, in ms. */
const turnInterval = 4;

const passed: Promise<void> = Promise.resolve();

/** Time of the latest turn that a checkpoint waited for, on the host's monotonic clock. */
let lastTurn = 0;

/**
 * Throws if the ambient scope is cancelled, and gives the event loop a turn if the last turn was more than 4 ms
 * ago. Otherwise a checkpoint is nearly free. For loops that compute.
 *
 * @example
 * ```ts
 * import { checkpoint } from "@hother/cancelable";
 *
 * let sum = 0;
 * for (let i = 0; i < 10_000; i++) {
 *   sum += i;
 *   await checkpoint();
 * }
 * ```
 */
export function checkpoint(): Promise<void> {
  const node = currentNode();
  const rejected = rejectIfCancelled(node);
  if (rejected !== undefined) return rejected;
  const elapsed = performance.now() - lastTurn;
  // Negative when `lastTurn` was read from a faked clock that ran ahead.
  if (elapsed >= 0 && elapsed < turnInterval) return passed;
  return nextTurnIn(node).finally(() => {
    lastTurn = performance.now();
  });
}
