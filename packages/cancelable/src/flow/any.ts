import { requireOptions } from "../arguments.ts";
import type { ParentOption } from "../scope/cancel-scope.ts";
import { raceIn } from "./race-in.ts";
import { requireTasks, runTask, type TaskInput, type TaskValue } from "./task-input.ts";

/**
 * The first work to succeed decides, as with `Promise.any`; the others are cancelled, and have ended
 * when this settles. If none succeeds it rejects with an `AggregateError` of all errors, in the order
 * of the works.
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
export async function any<W extends TaskInput<unknown>>(
  tasks: Iterable<W>,
  options?: ParentOption,
): Promise<TaskValue<W>> {
  requireOptions(options);
  const works = requireTasks(tasks, "tasks") as ReadonlyArray<TaskInput<TaskValue<W>>>;
  const errors: unknown[] = new Array(works.length);
  const placed = works.map((work, index) => async (): Promise<TaskValue<W>> => {
    try {
      return await runTask(work);
    } catch (error) {
      errors[index] = error;
      throw error;
    }
  });
  const winner = await raceIn(placed, options, (outcome) => outcome.ok);
  if (winner?.ok) return winner.value;
  throw new AggregateError(errors, "All tasks failed");
}
