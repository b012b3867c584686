import { Cancellable } from "@hother/cancelable";
import { requireFunction } from "@hother/cancelable/extending";
import { Context } from "@temporalio/activity";
import { afterCancellation, failureOf, followServer, isOwnCancellation } from "./failures.ts";
import { sendHeartbeats } from "./heartbeats.ts";
import { type CancellableActivityOptions, requireActivityOptions, timeoutOf } from "./options.ts";

export { type LastHeartbeat, lastHeartbeat } from "./heartbeats.ts";
export type { CancellableActivityOptions } from "./options.ts";

/**
 * Wraps an activity of Temporal. Each attempt is an operation: it is cancelled with the activity, its deadline is the
 * start-to-close timeout, and its progress is sent as heartbeats.
 *
 * An activity that the server has cancelled ends as cancelled. One that the shutdown of its worker has interrupted fails with a
 * failure that is retried. A value that the activity returns in spite of its cancellation wins.
 *
 * @param activity A function with any parameters. It runs in the scope of the operation.
 * @returns A function with the same parameters, to be given to the worker.
 * @throws TypeError or RangeError for a wrong argument.
 * @example
 * ```ts
 * import { sleep } from "@hother/cancelable";
 * import { cancellableActivity } from "@hother/cancelable-integrations/temporal";
 * import { CancelledFailure } from "@temporalio/activity";
 * import { MockActivityEnvironment } from "@temporalio/testing";
 *
 * const environment = new MockActivityEnvironment();
 * const wait = cancellableActivity(async (ms: number) => {
 *   environment.cancel("CANCELLED");
 *   await sleep(ms);
 * });
 * const error = await environment.run(wait, 60_000).catch((reason: unknown) => reason);
 * console.assert(error instanceof CancelledFailure);
 * ```
 */
export function cancellableActivity<Args extends unknown[], Result>(
  activity: (...args: Args) => Promise<Result>,
  options?: CancellableActivityOptions,
): (...args: Args) => Promise<Result> {
  requireFunction(activity, "activity");
  requireActivityOptions(options);
  return async (...args) => {
    const context = Context.current();
    const { info } = context;
    const operation = new Cancellable({
      name: info.activityType,
      parent: null,
      timeout: timeoutOf(info, options),
      register: options?.register,
      metadata: {
        activityId: info.activityId,
        workflowId: info.workflowExecution?.workflowId,
        attempt: info.attempt,
        ...options?.metadata,
      },
    });
    const unfollow = followServer(context, operation);
    const endHeartbeats = sendHeartbeats(context, operation);
    try {
      const outcome = await operation.settle(async () => {
        try {
          return await activity(...args);
        } catch (error) {
          throw isOwnCancellation(error, operation) ? operation.error : error;
        }
      });
      if (outcome.status === "completed") return outcome.value;
      if (outcome.status === "cancelled") throw failureOf(outcome.error, operation);
      throw afterCancellation(outcome.error, operation);
    } finally {
      unfollow();
      endHeartbeats();
    }
  };
}
