import { type ConcurrencyOptions, inGroup, requireConcurrency } from "./in-group.ts";
import { requireTasks, runTask, type TaskInput, type TaskValues } from "./task-input.ts";

/**
 * Runs everything at the same time (or `concurrency` at a time) and resolves with the values in order,
 * as `Promise.all` does; but the first failure cancels the others, and they have ended when this rejects.
 *
 * @example
 * ```ts
 * import { all, sleep } from "@hother/cancelable";
 *
 * const [one, two] = await all([async () => 1, () => sleep(5).then(() => "two")]);
 * console.assert(one === 1 && two === "two");
 * ```
 */
export async function all<const W extends readonly TaskInput<unknown>[]>(
  tasks: W,
  options?: ConcurrencyOptions,
): Promise<TaskValues<W>> {
  const works = requireTasks(tasks, "tasks");
  const concurrency = requireConcurrency(options);
  const values: unknown[] = new Array(works.length);
  await inGroup(works.length, concurrency, options, async (index) => {
    values[index] = await runTask(works[index] as TaskInput<unknown>);
  });
  return values as TaskValues<W>; // one value per work, in order
}
