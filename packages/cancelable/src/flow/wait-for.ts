import { currentNode } from "../scope/ambient.ts";
import { waitIn } from "../scope/waiting.ts";

/**
 * Waits for foreign work, a promise or a function that makes one, until the ambient scope is cancelled.
 * The work itself goes on, abandoned: its late value is dropped, its late rejection swallowed. In a
 * cancelled scope the function is not called. Work that can be told should get a signal as well.
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
