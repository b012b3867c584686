import { requireKnownOptions } from "../known-options.ts";
import { type RaceOptions, raceIn, raceOptions } from "./race-in.ts";
import { type AnyTaskValue, requireTasks, type TaskInput } from "./task-input.ts";

/**
 * Resolves with the value of the first task that succeeds, as `Promise.any` does. The other tasks are cancelled,
 * and have ended when `any` settles. The value that a loser takes or returns all the same is treated as by {@link race}. If
 * no task succeeds, `any` rejects with an `AggregateError` of all errors, in the order of the tasks.
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
export async function any<const S extends Iterable<TaskInput<unknown>>>(
  tasks: S,
  options?: RaceOptions<AnyTaskValue<S>>,
): Promise<AnyTaskValue<S>> {
  requireKnownOptions(options, raceOptions, "any");
  const list = requireTasks(tasks, "tasks") as ReadonlyArray<TaskInput<AnyTaskValue<S>>>;
  const errors: unknown[] = new Array(list.length);
  const winner = await raceIn(list, options, errors);
  if (winner?.ok) return winner.value;
  throw new AggregateError(errors, "All tasks failed");
}
