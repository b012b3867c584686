import { requireKnownOptions } from "../known-options.ts";
import { type ScopeOptions, scopeOptions } from "../scope/scope-options.ts";
import { raceIn } from "./race-in.ts";
import { requireTasks, runTask, type TaskInput, type TaskValue } from "./task-input.ts";

/**
 * Resolves with the value of the first task that succeeds, as `Promise.any` does. The other tasks are cancelled,
 * and have ended when `any` settles. If no task succeeds, `any` rejects with an `AggregateError` of all errors,
 * in the order of the tasks.
 *
 * @example
 * ```ts
 * import { any, sleep } from "@hother/cancelable";
 *
 * const mirror = await any([
 *   () => Promise.reject(new Error("down")),
 *   () => sleep(5).then(() => "mirror 2"),
 * ]);
 * console.assert(mirror === "mirror 2");
 * ```
 */
export async function any<I extends TaskInput<unknown>>(
  tasks: Iterable<I>,
  options?: ScopeOptions,
): Promise<TaskValue<I>> {
  requireKnownOptions(options, scopeOptions, "any");
  const list = requireTasks(tasks, "tasks") as ReadonlyArray<TaskInput<TaskValue<I>>>;
  const errors: unknown[] = new Array(list.length);
  const recording = list.map((task, index) => async (): Promise<TaskValue<I>> => {
    try {
      return await runTask(task);
    } catch (error) {
      errors[index] = error;
      throw error;
    }
  });
  const winner = await raceIn(recording, options, (outcome) => outcome.ok);
  if (winner?.ok) return winner.value;
  throw new AggregateError(errors, "All tasks failed");
}
