import { type ConcurrencyOptions, inGroup, toConcurrency } from "./in-group.ts";
import {
  type AnyTaskValue,
  runTask,
  type TaskInput,
  type TaskSource,
  type TaskValues,
} from "./task-input.ts";
import { taskItems } from "./task-items.ts";

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
export function all<const I extends readonly TaskInput<unknown>[]>(
  tasks: I,
  options?: ConcurrencyOptions,
): Promise<TaskValues<I>>;
export function all<S extends TaskSource<unknown>>(
  tasks: S,
  options?: ConcurrencyOptions,
): Promise<AnyTaskValue<S>[]>;
export async function all(tasks: TaskSource<unknown>, options?: ConcurrencyOptions): Promise<unknown[]> {
  const limits = toConcurrency(options, "all");
  const values: unknown[] = [];
  await inGroup(
    taskItems(tasks, "tasks"),
    limits,
    (task) => runTask(task),
    (value, index) => {
      values[index] = value;
    },
  );
  return values;
}
