import type { ParentOption } from "../scope/cancel-scope.ts";
import { requireOptions } from "../usage-error.ts";
import { perform, requireWorks, type Work, type WorkValue } from "./all.ts";
import { contest } from "./race.ts";

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
export async function any<W extends Work<unknown>>(
  tasks: Iterable<W>,
  options?: ParentOption,
): Promise<WorkValue<W>> {
  requireOptions(options);
  const works = requireWorks(tasks, "tasks") as ReadonlyArray<Work<WorkValue<W>>>;
  const errors: unknown[] = new Array(works.length);
  const placed = works.map((work, index) => async (): Promise<WorkValue<W>> => {
    try {
      return await perform(work);
    } catch (error) {
      errors[index] = error;
      throw error;
    }
  });
  const winner = await contest(placed, options, (outcome) => outcome.ok);
  if (winner?.ok) return winner.value;
  throw new AggregateError(errors, "All works failed");
}
