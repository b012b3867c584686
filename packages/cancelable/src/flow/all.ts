import { type ConcurrencyOptions, inGroup, requireConcurrency } from "./in-group.ts";
import { requireTasks, runTask, type TaskInput, type TaskValues } from "./task-input.ts";

/**
 * Runs all tasks at the same time (or `concurrency` at a time) and resolves with their values in order, as
 * `Promise.all` does. Unlike `Promise.all`, the first failure cancels the other tasks, and `all` rejects only
 * after these tasks have ended.
 *
 * @example
 * ```ts
 * import { all, sleep } from "@hother/cancelable";
 *
 * const [one, two] = await all([async () => 1, () => sleep(5).then(() => "two")]);
 * console.assert(one === 1 && two === "two");
 * ```
 */
export async function all<const I extends readonly TaskInput<unknown>[]>(
  tasks: I,
  options?: ConcurrencyOptions,
): Promise<TaskValues<I>> {
  const list = requireTasks(tasks, "tasks");
  const concurrency = requireConcurrency(options, "all");
  const values: unknown[] = new Array(list.length);
  await inGroup(list.length, concurrency, options, async (index) => {
    values[index] = await runTask(list[index] as TaskInput<unknown>);
  });
  return values as TaskValues<I>; // one value per task, in order
}
