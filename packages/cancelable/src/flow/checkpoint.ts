import { currentNode } from "../scope/ambient.ts";
import { nextTurnIn } from "../scope/sleeper.ts";
import { rejectIfCancelled } from "../scope/waiting.ts";

/** For this long the event loop may go without a turn, in ms. */
const patience = 4;

const passed: Promise<void> = Promise.resolve();

/** When a turn was last seen to begin, on the host's own clock. */
let turnSeen = 0;

/**
 * Throws if the ambient scope is cancelled, and lets others run: gives the event loop a turn when it
 * has had none for 4 ms, and is nearly free otherwise. For loops that compute.
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
  const since = performance.now() - turnSeen;
  // Below 0: that turn was seen on a faked clock.
  if (since >= 0 && since < patience) return passed;
  return nextTurnIn(node).finally(() => {
    turnSeen = performance.now();
  });
}
