import { outOfRange } from "../arguments.ts";
import { requireKnownOptions } from "../known-options.ts";
import { type RaceOptions, raceIn, raceOptions, type Settled } from "./race-in.ts";
import { type AnyTaskValue, requireTasks, type TaskInput } from "./task-input.ts";

/**
 * Settles with the outcome of the first task that settles, as `Promise.race` does. The other tasks are cancelled,
 * and have ended when `race` settles; their reason is `superseded`.
 *
 * A task that returns a wait of this library itself, such as `() => queue.get()`, loses nothing: the item that the winner
 * did not take is still in its queue. From a function that awaits inside, `async () => await queue.get()`, a loser can
 * return a value all the same. Such a value goes to `onUndelivered`; without it a lease is released, and any other value
 * is dropped. To take from exactly one of several queues, locks or events, use {@link select}.
 *
 * @throws RangeError when `tasks` is empty: no task could win.
 *
 * @example
 * ```ts
 * import { race, sleep } from "@hother/cancelable";
 *
 * const first = await race([() => sleep(5).then(() => "fast"), () => sleep(60_000).then(() => "slow")]);
 * console.assert(first === "fast");
 * ```
 */
export async function race<const S extends Iterable<TaskInput<unknown>>>(
  tasks: S,
  options?: RaceOptions<AnyTaskValue<S>>,
): Promise<AnyTaskValue<S>> {
  requireKnownOptions(options, raceOptions, "race");
  const list = requireTasks(tasks, "tasks") as ReadonlyArray<TaskInput<AnyTaskValue<S>>>;
  if (list.length === 0) throw outOfRange("tasks", "a non-empty iterable", list);
  const winner = (await raceIn(list, options)) as Settled<AnyTaskValue<S>>; // every outcome wins
  if (!winner.ok) throw winner.error;
  return winner.value;
}
