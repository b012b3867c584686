import { outOfRange, requireOptions } from "../arguments.ts";
import type { ParentOption } from "../scope/cancel-scope.ts";
import { raceIn, type Settled } from "./race-in.ts";
import { requireTasks, type TaskInput, type TaskValue } from "./task-input.ts";

/**
 * The first work to settle decides, as with `Promise.race`; the others are cancelled, and have ended
 * when this settles.
 *
 * @example
 * ```ts
 * import { race, sleep } from "@hother/cancelable";
 *
 * const first = await race([() => sleep(5).then(() => "fast"), () => sleep(60_000).then(() => "slow")]);
 * console.assert(first === "fast");
 * ```
 */
export async function race<W extends TaskInput<unknown>>(
  tasks: Iterable<W>,
  options?: ParentOption,
): Promise<TaskValue<W>> {
  requireOptions(options);
  const works = requireTasks(tasks, "tasks") as ReadonlyArray<TaskInput<TaskValue<W>>>;
  if (works.length === 0) throw outOfRange("tasks", "at least one work, or nothing could ever win", works);
  const winner = (await raceIn(works, options, () => true)) as Settled<TaskValue<W>>; // one of them settled
  if (!winner.ok) throw winner.error;
  return winner.value;
}
