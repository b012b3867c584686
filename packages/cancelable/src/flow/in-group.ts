import { requireCount } from "../arguments.ts";
import { type KnownOptions, requireKnownOptions } from "../known-options.ts";
import { currentNode } from "../scope/ambient.ts";
import { type ParentOption, placeOptions } from "../scope/cancel-scope.ts";
import { type TaskGroup, taskGroup } from "../scope/task-group.ts";

export interface ConcurrencyOptions extends ParentOption {
  /** The most tasks that run at the same time. Default: all. */
  readonly concurrency?: number;
}

const known: KnownOptions<ConcurrencyOptions> = { ...placeOptions, concurrency: 1 };

/** @param of The function that takes the options. */
export function requireConcurrency(options: ConcurrencyOptions | undefined, of: string): number {
  requireKnownOptions(options, known, of);
  const concurrency = options?.concurrency;
  if (concurrency === undefined) return Number.POSITIVE_INFINITY;
  requireCount(concurrency, "options.concurrency", 1);
  return concurrency;
}

/** Calls `runOne(0)` to `runOne(count - 1)` in a task group, in order, at most `concurrency` at the same time. */
export async function inGroup(
  count: number,
  concurrency: number,
  options: ParentOption | undefined,
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
  await taskGroup(
    (group: TaskGroup) => {
      if (concurrency >= count) for (let i = 0; i < count; i++) group.startSoon(runOne, i);
      else for (let i = 0; i < concurrency; i++) group.startSoon(worker);
    },
    options?.parent === undefined ? undefined : { parent: options.parent },
  );
}
