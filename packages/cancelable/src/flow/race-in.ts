import { isCancellation } from "../errors.ts";
import { report } from "../reporter.ts";
import type { ParentOption } from "../scope/cancel-scope.ts";
import { taskGroup } from "../scope/task-group.ts";
import { runTask, type TaskInput } from "./task-input.ts";

/** How one task of a race ended. */
export type Settled<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: unknown };

/** Runs all works until `decides` takes an outcome; cancels the others, waits for them, returns that outcome. */
export async function raceIn<T>(
  works: ReadonlyArray<TaskInput<T>>,
  options: ParentOption | undefined,
  decides: (outcome: Settled<T>) => boolean,
): Promise<Settled<T> | undefined> {
  let winner: Settled<T> | undefined;
  await taskGroup(
    (group) => {
      const enter = async (work: TaskInput<T>): Promise<void> => {
        let outcome: Settled<T>;
        try {
          outcome = { ok: true, value: await runTask(work) };
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
