import { requireCount, requireOptions } from "../arguments.ts";
import { currentNode } from "../scope/ambient.ts";
import type { ParentOption } from "../scope/cancel-scope.ts";
import { type TaskGroup, taskGroup } from "../scope/task-group.ts";

export interface ConcurrencyOptions extends ParentOption {
  /** How many run at the same time. Default: all. */
  readonly concurrency?: number;
}

export function requireConcurrency(options: ConcurrencyOptions | undefined): number {
  requireOptions(options);
  const concurrency = options?.concurrency;
  if (concurrency === undefined) return Number.POSITIVE_INFINITY;
  requireCount(concurrency, "options.concurrency", 1);
  return concurrency;
}

/** Runs `runTask(0…count-1)` in a group, at most `concurrency` at the same time, in order. */
export async function inGroup(
  count: number,
  concurrency: number,
  options: ParentOption | undefined,
  one: (index: number) => unknown,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      // After a failure, or a cancellation, no further one is begun.
      currentNode().check();
      await one(next++);
    }
  };
  await taskGroup(
    (group: TaskGroup) => {
      if (concurrency >= count) for (let i = 0; i < count; i++) group.startSoon(one, i);
      else for (let i = 0; i < concurrency; i++) group.startSoon(worker);
    },
    options?.parent === undefined ? undefined : { parent: options.parent },
  );
}
