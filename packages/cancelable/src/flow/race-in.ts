import { isCancellation } from "../is-cancellation.ts";
import { report } from "../reporter.ts";
import type { CancelScope } from "../scope/cancel-scope.ts";
import type { ScopeOptions } from "../scope/scope-options.ts";
import { taskGroup } from "../scope/task-group.ts";
import { runTask, type TaskInput } from "./task-input.ts";

/** The outcome of one task. */
export type Settled<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: unknown };

/**
 * Runs all tasks until `decides` accepts the outcome of one. Then cancels the other tasks, waits for them, and
 * returns the accepted outcome; `undefined` when no outcome was accepted. Rejects if a limit in `options` has cancelled
 * the group before.
 */
export async function raceIn<T>(
  tasks: ReadonlyArray<TaskInput<T>>,
  options: ScopeOptions | undefined,
  decides: (outcome: Settled<T>) => boolean,
): Promise<Settled<T> | undefined> {
  let winner: Settled<T> | undefined;
  const scope = (await taskGroup((group) => {
    const compete = async (task: TaskInput<T>): Promise<void> => {
      let outcome: Settled<T>;
      try {
        outcome = { ok: true, value: await runTask(task) };
      } catch (error) {
        // The group was cancelled, by a winner or from outside: the task has no outcome of its own.
        if (isCancellation(error, group.scope)) throw error;
        outcome = { ok: false, error };
      }
      if (winner === undefined) {
        if (!decides(outcome)) return;
        winner = outcome;
        group.cancel("manual", "another task finished first");
      } else if (!outcome.ok) report(outcome.error, "a task that lost the race");
    };
    for (const task of tasks) group.startSoon(compete, task);
    return group.scope;
  }, options)) as CancelScope; // the body starts tasks only, so nothing interrupts it
  if (winner === undefined && scope.cancelCalled) throw scope.error;
  return winner;
}
