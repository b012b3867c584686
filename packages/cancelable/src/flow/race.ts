import { outOfRange } from "../arguments.ts";
import { requireKnownOptions } from "../known-options.ts";
import { type ScopeOptions, scopeOptions } from "../scope/scope-options.ts";
import { raceIn, type Settled } from "./race-in.ts";
import { requireTasks, type TaskInput, type TaskValue } from "./task-input.ts";

/**
 * Settles with the outcome of the first task that settles, as `Promise.race` does. The other tasks are cancelled,
 * and have ended when `race` settles.
 *
 * @throws RangeError when `tasks` is empty: no task could win.
 *
 * @example
 * ```ts
 * import { race, sleep } from "@hother/cancelable";
 *
 * const first = await race([() => sleep(5).then(() => "fast"), () => sleep(60_000).then(() => "slow")]);
 * console.assert(first === "fast");
 * ```
 */
export async function race<I extends TaskInput<unknown>>(
  tasks: Iterable<I>,
  options?: ScopeOptions,
): Promise<TaskValue<I>> {
  requireKnownOptions(options, scopeOptions, "race");
  const list = requireTasks(tasks, "tasks") as ReadonlyArray<TaskInput<TaskValue<I>>>;
  if (list.length === 0) throw outOfRange("tasks", "a non-empty iterable", list);
  const winner = (await raceIn(list, options, () => true)) as Settled<TaskValue<I>>; // the first outcome is accepted
  if (!winner.ok) throw winner.error;
  return winner.value;
}
