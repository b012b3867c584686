import { type ConcurrencyOptions, toConcurrency } from "./in-group.ts";
import { type Items } from "./pulling.ts";
import { resultStream } from "./result-stream.ts";
import { type AnyTaskValue, runTask, type TaskSource } from "./task-input.ts";
import { type TaskFunction, taskItems } from "./task-items.ts";

/**
 * Runs all tasks at the same time (or `concurrency` at a time) and yields their values in the order of completion
 * (anyio: `as_completed`). `tasks` can be an async iterable too: a task is pulled when it can start, and the first tasks
 * start at the first read. The first failure cancels the other tasks, and is
 * thrown after the values that arrived before the failure. Leaving the loop early cancels the running tasks and
 * waits for them.
 *
 * @example
 * ```ts
 * import { asCompleted, sleep } from "@hother/cancelable";
 *
 * const mirrors = [60_000, 5, 30].map((ms) => () => sleep(ms).then(() => ms));
 * const order: number[] = [];
 * for await (const ms of asCompleted(mirrors)) {
 *   order.push(ms);
 *   if (order.length === 2) break; // the slowest one is cancelled
 * }
 * console.assert(order.join() === "5,30");
 * ```
 */
export function asCompleted<const S extends TaskSource<unknown>>(
  tasks: S,
  options?: ConcurrencyOptions,
): AsyncGenerator<AnyTaskValue<S>, undefined, undefined> {
  const { concurrency, ofScope } = toConcurrency(options, "asCompleted");
  return resultStream({
    items: taskItems(tasks, "tasks") as Items<TaskFunction<AnyTaskValue<S>>>, // the tasks of `S`
    call: (task) => runTask(task),
    concurrency,
    buffer: Number.POSITIVE_INFINITY,
    ordered: false,
    undelivered: undefined,
    ofScope,
  });
}
