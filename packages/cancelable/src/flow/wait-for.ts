import { currentNode } from "../scope/ambient.ts";
import { waitIn } from "../scope/waiting.ts";

/**
 * Waits for a promise, or for the promise that a function returns, until the ambient scope is cancelled. For
 * code that does not know this library. A cancellation ends the wait and not the work: the work runs on, and its
 * late value or rejection is ignored. In a cancelled scope the function is not called. If the work accepts an
 * `AbortSignal`, give it `currentSignal()` as well. A wait of this library, such as `queue.get()`, is handed over: cut off,
 * it has left its line, and it loses nothing that it was handed before.
 *
 * @example
 * ```ts
 * import { moveOnAfter, waitFor } from "@hother/cancelable";
 *
 * const never = new Promise<void>(() => {});
 * await moveOnAfter(10, () => waitFor(never));
 * ```
 */
export function waitFor<T>(work: PromiseLike<T> | (() => T | PromiseLike<T>)): Promise<T> {
  return waitIn(currentNode(), work);
}
