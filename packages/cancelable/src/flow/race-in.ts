/*
 * The contest of `race` and `any`.
 *
 *  R1  A wait of this library (`queue.get()`, `lock.acquire()`) decides the contest in the step in which it is served. In
 *      this step the other waits leave their lines, so nothing is handed to a loser. No user code runs there, because a
 *      primitive can be in the middle of the hand-over: the losers are cancelled when the code of a child runs next.
 *  R2  Every other child decides when its promise settles.
 *  R3  The value that the winner was handed is delivered, also when the scope around the contest was cancelled in the same
 *      turn.
 */

import { isCancellation } from "../is-cancellation.ts";
import { type KnownOptions } from "../known-options.ts";
import { report } from "../reporter.ts";
import { parentNode, type ScopeOptions, scopeOptions } from "../scope/scope-options.ts";
import { nameAfter } from "../scope/task.ts";
import { type TaskGroup, taskGroup } from "../scope/task-group.ts";
import { type GrantedWait, isPending, type Wait, type WaitEnd, waitOf } from "../scope/wait-of.ts";
import { waitIn } from "../scope/waiting.ts";
import { leaveTogether } from "../token/wave.ts";
import { runTask, type TaskInput } from "./task-input.ts";
import { toUndelivered } from "./undelivered.ts";

/** Options of `race` and `any`. */
export interface RaceOptions<T = unknown> extends ScopeOptions {
  /**
   * Called with the value of a task that lost, if it returned one all the same. An error that it throws goes to the
   * reporter. Default: a lease is released, and any other value is dropped.
   */
  readonly onUndelivered?: ((value: T) => void) | undefined;
}

export const raceOptions: KnownOptions<RaceOptions> = { ...scopeOptions, onUndelivered: 1 };

/** The outcome of one task. */
export type Settled<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: unknown };

/**
 * Runs all tasks until one wins. Then cancels the other tasks, waits for them, and returns the outcome of the winner;
 * `undefined` when no task has won. Rejects if a limit in `options` has cancelled the group before.
 *
 * @param failures Collects the failures, by the index of the task; then a failure does not win. Default: it wins.
 */
export async function raceIn<T>(
  tasks: ReadonlyArray<TaskInput<T>>,
  options: RaceOptions<T> | undefined,
  failures?: unknown[],
): Promise<Settled<T> | undefined> {
  const undelivered = toUndelivered(options?.onUndelivered);
  const node = parentNode(options);
  const cancellation = node.pending();
  if (cancellation !== undefined) {
    // A wait among the tasks leaves its line. A wait that was served before has a value that no caller gets.
    for (const task of new Set(tasks))
      if (typeof task !== "function") waitIn(node, task).then(undelivered, () => {});
    throw cancellation.error;
  }
  const waits: Array<Wait | GrantedWait | undefined> = tasks.map((task) => waitOf(task));
  let decided: number | undefined;
  let winner: Settled<T> | undefined;

  /** Lets a task win, or notes its failure, if none has won. Runs no user code (R1). */
  const decide = (index: number, ok: boolean): void => {
    if (decided !== undefined) return;
    if (!ok && failures !== undefined) {
      failures[index] = undefined; // the place of the error, which the child knows
      return;
    }
    decided = index;
    leaveTogether(() => {
      for (const [other, wait] of waits.entries())
        if (other !== index && wait !== undefined && isPending(wait)) wait.withdraw();
    });
  };
  const watch = (index: number, wait: Wait | GrantedWait | undefined): void => {
    if (wait === undefined) return;
    waits[index] = wait;
    const waitEnded = (end: WaitEnd): void => {
      if (end !== "cut") decide(index, end === "served");
    };
    if (isPending(wait)) wait.observe({ waitEnded });
    else waitEnded(wait.end as WaitEnd); // ended
  };
  // A promise can be served before the child that waits for it starts.
  waits.forEach((wait, index) => watch(index, wait));

  let contest!: TaskGroup;
  try {
    await taskGroup((group) => {
      contest = group;
      const supersede = (): void => void group.cancel("superseded", "another task finished first");
      const compete = async (task: TaskInput<T>, index: number): Promise<void> => {
        if (decided !== undefined) supersede();
        let outcome: Settled<T>;
        try {
          const running = runTask(task);
          if (typeof task === "function") watch(index, waitOf(running));
          outcome = { ok: true, value: await running };
        } catch (error) {
          // The group was cancelled, by a winner or from outside: the task has no outcome of its own.
          if (isCancellation(error, group.scope)) throw error;
          outcome = { ok: false, error };
        }
        decide(index, outcome.ok);
        if (decided === index) {
          winner = outcome;
          supersede();
        } else if (outcome.ok) {
          // The same promise twice has one value, which the winner delivers.
          if (typeof task === "function" || task !== tasks[decided as number]) undelivered(outcome.value);
        } else if (failures !== undefined && index in failures) failures[index] = outcome.error;
        else report(outcome.error, "a task that lost the race");
      };
      for (const [index, task] of tasks.entries()) nameAfter(group.startSoon(compete, task, index), task);
    }, limitsOf(options));
  } catch (error) {
    // R3: only a cancellation from outside comes here, because a child never fails.
    if (winner === undefined) throw error;
  }
  if (winner === undefined && contest.scope.cancelCalled) throw contest.scope.error;
  return winner;
}

function limitsOf(options: RaceOptions<never> | undefined): ScopeOptions | undefined {
  if (options === undefined) return undefined;
  const { onUndelivered: _, ...limits } = options;
  return limits;
}
