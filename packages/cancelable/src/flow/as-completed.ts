import { outOfRange } from "../arguments.ts";
import { cancellationOf } from "../cancellation-of.ts";
import { report } from "../reporter.ts";
import { currentNode } from "../scope/ambient.ts";
import { CancelScope } from "../scope/cancel-scope.ts";
import { withEarlyReturn } from "../scope/closing-generator.ts";
import { abandon } from "../scope/waiting.ts";
import { Queue } from "../sync/queue.ts";
import { type ConcurrencyOptions, inGroup, requireConcurrency } from "./in-group.ts";
import { requireTasks, runTask, type TaskInput, type TaskValue } from "./task-input.ts";

/**
 * Runs all tasks at the same time (or `concurrency` at a time) and yields their values in the order of completion
 * (anyio: `as_completed`). The tasks start at the first read. The first failure cancels the other tasks, and is
 * thrown after the values that arrived before the failure. Leaving the loop early cancels the running tasks and
 * waits for them.
 *
 * @throws RangeError at once, when `tasks` is empty.
 *
 * @example
 * ```ts
 * import { asCompleted, sleep } from "@hother/cancelable";
 *
 * const mirrors = [60, 5, 30].map((ms) => () => sleep(ms).then(() => ms));
 * const order: number[] = [];
 * for await (const ms of asCompleted(mirrors)) {
 *   order.push(ms);
 *   if (order.length === 2) break; // the slowest one is cancelled
 * }
 * console.assert(order.join() === "5,30");
 * ```
 */
export function asCompleted<I extends TaskInput<unknown>>(
  tasks: Iterable<I>,
  options?: ConcurrencyOptions,
): AsyncGenerator<TaskValue<I>, undefined, undefined> {
  const list = requireTasks(tasks, "tasks") as ReadonlyArray<TaskInput<TaskValue<I>>>;
  if (list.length === 0) throw outOfRange("tasks", "a non-empty iterable", list);
  const concurrency = requireConcurrency(options, "asCompleted");
  const scope = new CancelScope(options, currentNode().clock);
  const values = new Queue<TaskValue<I>>();
  /** Whether the consumer ended the tasks, which is no failure. */
  let stopped = false;
  let running: Promise<unknown> | undefined;

  const start = (): void => {
    running = scope
      .execute(
        () =>
          inGroup(list.length, concurrency, undefined, async (index) => {
            values.putNowait(await runTask(list[index] as TaskInput<TaskValue<I>>));
          }),
        true, // a limit in the options rejects
      )
      .catch((error: unknown) => {
        if (!stopped || error !== scope.node.own?.error) throw error;
      });
    abandon(running); // the generator awaits `running` later: until then, a rejection counts as handled
    const close = (): void => values.close();
    running.then(close, close);
  };
  /** Cancels the tasks and waits for them. Rejects with a task's own failure. */
  const close = async (): Promise<void> => {
    stopped = scope.cancel("manual", "the consumer stopped reading");
    await running;
  };

  async function* inOrderOfCompletion(): AsyncGenerator<TaskValue<I>, undefined, undefined> {
    start();
    try {
      yield* values;
    } catch (error) {
      // The consumer was cancelled, or threw into the generator. The consumer gets this error, and not a
      // task's failure during the clean-up.
      await close().catch((failure: unknown) => {
        if (cancellationOf(failure) === undefined) report(failure, "a cancelled task of asCompleted");
      });
      throw error;
    }
    await running;
    return undefined;
  }

  return withEarlyReturn(inOrderOfCompletion(), close);
}
