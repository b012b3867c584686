import { requireCount } from "../arguments.ts";
import { type KnownOptions, requireKnownOptions } from "../known-options.ts";
import { currentNode } from "../scope/ambient.ts";
import type { CancelScope } from "../scope/cancel-scope.ts";
import { type ScopeOptions, scopeOptions } from "../scope/scope-options.ts";
import type { Task } from "../scope/task.ts";
import { type TaskGroup, taskGroup } from "../scope/task-group.ts";

export interface ConcurrencyOptions extends ScopeOptions {
  /** The most tasks that run at the same time. Default: all. */
  readonly concurrency?: number | undefined;
}

const known: KnownOptions<ConcurrencyOptions> = { ...scopeOptions, concurrency: 1 };

/** @param of The function that takes the options. */
export function requireConcurrency(options: ConcurrencyOptions | undefined, of: string): number {
  requireKnownOptions(options, known, of);
  const concurrency = options?.concurrency;
  if (concurrency === undefined) return Number.POSITIVE_INFINITY;
  requireCount(concurrency, "options.concurrency", 1);
  return concurrency;
}

/**
 * Calls `runOne(0)` to `runOne(count - 1)` in a task group, in order, at most `concurrency` at the same time. Rejects if
 * a limit in `options` has cancelled the group before all calls have ended.
 */
export async function inGroup(
  count: number,
  concurrency: number,
  options: ConcurrencyOptions | undefined,
  runOne: (index: number) => unknown,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      // No task starts after a failure or a cancellation.
      currentNode().check();
      await runOne(next++);
    }
  };
  const { concurrency: _, ...ofGroup } = options ?? {};
  const tasks: Task<unknown>[] = [];
  const scope = (await taskGroup((group: TaskGroup) => {
    if (concurrency >= count) for (let i = 0; i < count; i++) tasks.push(group.startSoon(runOne, i));
    else for (let i = 0; i < concurrency; i++) tasks.push(group.startSoon(worker));
    return group.scope;
  }, ofGroup)) as CancelScope; // the body starts tasks only, so nothing interrupts it
  if (scope.cancelCalled && tasks.some((task) => task.status !== "completed")) throw scope.error;
}
