import { currentScope, getBackend, sleepForever } from "@hother/cancelable";

/**
 * Waits for the cancellation of the ambient scope if its deadline is at most a moment away. For the error of a limit that was
 * made of this deadline and that others keep, such as a server: this limit can pass a moment before the deadline.
 */
export async function untilNearDeadline(): Promise<void> {
  if (currentScope().deadline - getBackend().now() < 100) await sleepForever().catch(() => {});
}
