import { outOfRange } from "../arguments.ts";
import { isCancellation } from "../errors.ts";
import { report } from "../reporter.ts";
import { CancelScope } from "../scope/cancel-scope.ts";
import { withEarlyReturn } from "../scope/closing-generator.ts";
import { abandon } from "../scope/waiting.ts";
import { Queue } from "../sync/queue.ts";
import { type ConcurrencyOptions, inGroup, requireConcurrency } from "./in-group.ts";
import { requireTasks, runTask, type TaskInput, type TaskValue } from "./task-input.ts";

/**
 * Runs everything at the same time (or `concurrency` at a time), from the first read on, and gives the values
 * as they come (anyio's `as_completed`). The first failure cancels the others and is thrown after the values
 * that were there before it. Leaving early cancels what still runs, and waits for it.
 *
 * @throws RangeError when there is no work at all, at once.
 *
 * @example
 * ```ts
 * import { asCompleted, sleep } from "@hother/cancelable";
 *
 * const mirrors = [60, 5, 30].map((ms) => () => sleep(ms).then(() => ms));
 * const order: number[] = [];
 * for await (const ms of asCompleted(mirrors)) {
 *   order.push(ms);
 *   if (order.length === 2) break; // the slowest one is cancelled
 * }
 * console.assert(order.join() === "5,30");
 * ```
 */
export function asCompleted<W extends TaskInput<unknown>>(
  tasks: Iterable<W>,
  options?: ConcurrencyOptions,
): AsyncGenerator<TaskValue<W>, undefined, undefined> {
  const works = requireTasks(tasks, "tasks") as ReadonlyArray<TaskInput<TaskValue<W>>>;
  if (works.length === 0) throw outOfRange("tasks", "at least one work", works);
  const concurrency = requireConcurrency(options);
  const scope = new CancelScope(options?.parent === undefined ? undefined : { parent: options.parent });
  const values = new Queue<TaskValue<W>>();
  let running: Promise<void> | undefined;

  const start = (): void => {
    running = scope.run(() =>
      inGroup(works.length, concurrency, undefined, async (index) => {
        values.putNowait(await runTask(works[index] as TaskInput<TaskValue<W>>));
      }),
    );
    abandon(running); // `leave` and the end look at it
    const close = (): void => values.close();
    running.then(close, close);
  };
  /** Nothing runs any more when this settles; a work's own failure comes out. */
  const leave = async (): Promise<void> => {
    scope.cancel("manual", "the consumer has left");
    await running;
  };

  async function* inOrderOfCompletion(): AsyncGenerator<TaskValue<W>, undefined, undefined> {
    start();
    try {
      yield* values;
    } catch (error) {
      // The consumer was cancelled, or threw into the generator: that is what it hears.
      await leave().catch((failure: unknown) => {
        if (!isCancellation(failure)) report(failure, "a work of asCompleted that was cancelled");
      });
      throw error;
    }
    await running;
    return undefined;
  }

  return withEarlyReturn(inOrderOfCompletion(), leave);
}
