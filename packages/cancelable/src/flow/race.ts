import { isCancellation } from "../errors.ts";
import { report } from "../reporter.ts";
import type { ParentOption } from "../scope/cancel-scope.ts";
import { taskGroup } from "../scope/task-group.ts";
import { outOfRange, requireOptions } from "../usage-error.ts";
import { perform, requireWorks, type Work, type WorkValue } from "./all.ts";

type Settled<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown };

/** Runs all works until `decides` takes an outcome; cancels the others, waits for them, returns that outcome. */
export async function contest<T>(
  works: ReadonlyArray<Work<T>>,
  options: ParentOption | undefined,
  decides: (outcome: Settled<T>) => boolean,
): Promise<Settled<T> | undefined> {
  let winner: Settled<T> | undefined;
  await taskGroup(
    (group) => {
      const enter = async (work: Work<T>): Promise<void> => {
        let outcome: Settled<T>;
        try {
          outcome = { ok: true, value: await perform(work) };
        } catch (error) {
          // Cancelled with the group, from inside or from outside: that is no outcome.
          if (isCancellation(error, group.scope)) throw error;
          outcome = { ok: false, error };
        }
        if (winner === undefined) {
          if (!decides(outcome)) return;
          winner = outcome;
          group.cancel("manual", "another one was first");
        } else if (!outcome.ok) report(outcome.error, "a work that had lost its race");
      };
      for (const work of works) group.startSoon(enter, work);
    },
    options?.parent === undefined ? undefined : { parent: options.parent },
  );
  return winner;
}

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
export async function race<W extends Work<unknown>>(
  tasks: Iterable<W>,
  options?: ParentOption,
): Promise<WorkValue<W>> {
  requireOptions(options);
  const works = requireWorks(tasks, "tasks") as ReadonlyArray<Work<WorkValue<W>>>;
  if (works.length === 0) throw outOfRange("tasks", "at least one work, or nothing could ever win", works);
  const winner = (await contest(works, options, () => true)) as Settled<WorkValue<W>>; // one of them settled
  if (!winner.ok) throw winner.error;
  return winner.value;
}
