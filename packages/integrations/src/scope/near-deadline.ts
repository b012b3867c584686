import { type AmbientScope, getBackend } from "@hother/cancelable";

/** A deadline is near for this time before it, in ms. */
const near = 100;

/**
 * The cancellation that explains the error of a limit that was made of the deadline of `scope`, and that others keep, such as
 * a server: this limit can pass a moment before the deadline. Waits for a deadline that is near, for at most twice this time,
 * because it can be moved meanwhile. Undefined if the scope is not cancelled then.
 */
export async function cancellationNearDeadline(scope: AmbientScope): Promise<AmbientScope["error"]> {
  if (scope.deadline - getBackend().now() < near) await scope.sleep(2 * near).catch(() => {});
  return scope.error;
}
