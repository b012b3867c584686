import { currentNode } from "../scope/ambient.ts";
import type { ParentOption } from "../scope/cancel-scope.ts";
import { type TaskGroup, taskGroup } from "../scope/task-group.ts";
import { abandon, waitIn } from "../scope/waiting.ts";
import { invalidType, isThenable, requireCount, requireOptions } from "../usage-error.ts";

/** Work for {@link all}, {@link race} and {@link any}: a function, which runs as a child, or a promise, which is waited for. */
export type Work<T> = PromiseLike<T> | (() => T | PromiseLike<T>);

/** The value of a {@link Work}. */
export type WorkValue<W> = W extends Work<infer T> ? T : never;

/** The values of a tuple of {@link Work}. */
export type WorkValues<W extends readonly Work<unknown>[]> = {
  -readonly [K in keyof W]: WorkValue<W[K]>;
};

export interface ConcurrencyOptions extends ParentOption {
  /** How many run at the same time. Default: all. */
  readonly concurrency?: number;
}

/** The works of an argument, each checked before the first one starts. */
export function requireWorks<T>(tasks: Iterable<Work<T>>, argument: string): ReadonlyArray<Work<T>> {
  if (typeof (tasks as Iterable<Work<T>> | null | undefined)?.[Symbol.iterator] !== "function") {
    throw invalidType(argument, "an iterable of functions or promises", tasks);
  }
  const works = [...tasks];
  // The promises were handed over: whatever happens to the others, their rejections are ours.
  for (const work of works) abandon(work);
  works.forEach((work, index) => {
    if (typeof work !== "function" && !isThenable(work)) {
      throw invalidType(`${argument}[${index}]`, "a function or a promise", work);
    }
  });
  return works;
}

/** Runs a work as the body of a child. */
export function perform<T>(work: Work<T>): T | PromiseLike<T> {
  return typeof work === "function" ? work() : waitIn(currentNode(), work);
}

export function requireConcurrency(options: ConcurrencyOptions | undefined): number {
  requireOptions(options);
  const concurrency = options?.concurrency;
  if (concurrency === undefined) return Number.POSITIVE_INFINITY;
  requireCount(concurrency, "options.concurrency", 1);
  return concurrency;
}

/** Runs `perform(0…count-1)` in a group, at most `concurrency` at the same time, in order. */
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

/**
 * Runs everything at the same time (or `concurrency` at a time) and resolves with the values in order,
 * as `Promise.all` does; but the first failure cancels the others, and they have ended when this rejects.
 *
 * @example
 * ```ts
 * import { all, sleep } from "@hother/cancelable";
 *
 * const [one, two] = await all([async () => 1, () => sleep(5).then(() => "two")]);
 * console.assert(one === 1 && two === "two");
 * ```
 */
export async function all<const W extends readonly Work<unknown>[]>(
  tasks: W,
  options?: ConcurrencyOptions,
): Promise<WorkValues<W>> {
  const works = requireWorks(tasks, "tasks");
  const concurrency = requireConcurrency(options);
  const values: unknown[] = new Array(works.length);
  await inGroup(works.length, concurrency, options, async (index) => {
    values[index] = await perform(works[index] as Work<unknown>);
  });
  return values as WorkValues<W>; // one value per work, in order
}
