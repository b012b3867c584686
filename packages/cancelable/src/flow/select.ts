import { invalidType, outOfRange, requireOneOf } from "../arguments.ts";
import { requireKnownOptions } from "../known-options.ts";
import { currentNode } from "../scope/ambient.ts";
import { afterTurn, resolveFairly } from "../scope/fair-turn.ts";
import type { ScopeNode } from "../scope/scope-node.ts";
import { explicitParent } from "../scope/scope-options.ts";
import { markWait } from "../scope/wait-of.ts";
import { rejectIfCancelled } from "../scope/waiting.ts";
import { wouldWait } from "../sync/arm.ts";
import type { WaitOptions } from "../sync/wait-options.ts";
import { type ArmValue, armFor, type SelectArm } from "./select-arms.ts";
import { type Chosen, type KeyedArm, noArmLeft, Selection } from "./selection.ts";

/** Options of {@link select}. */
export interface SelectOptions extends WaitOptions {
  /**
   * Which arm is chosen when several are ready at the call. `"listed"`: the first one. `"fair"`: one at random, with the
   * randomness of the backend. Default: `"listed"`.
   */
  readonly order?: "listed" | "fair" | undefined;
}

/** The result of {@link select}: the key of the arm that was chosen, and its value. */
export type Selected<A extends Readonly<Record<string, SelectArm | undefined>>> = {
  [K in keyof A]-?: Exclude<A[K], undefined> extends infer T
    ? [T] extends [never]
      ? never
      : { readonly key: K; readonly value: ArmValue<T> }
    : never;
}[keyof A];

/**
 * Waits for several things and takes from exactly one of them. The arms that are not chosen lose nothing: no item, no permit
 * and no place in a line.
 *
 * An arm is a queue, a receiver or a subscription (gets an item), an `Event` or a `Deferred` (waits for it), a `Lock`, a
 * `Semaphore` or a `CapacityLimiter` (acquires one), a call such as `queue.putting(item)` or
 * `semaphore.acquiring({ weight: 2 })`, a token (waits for its cancellation), a `Task`, `after(span)`, or a promise.
 * An arm that is `undefined` takes no part, so a condition can leave an arm out. A token that is closed takes no part either.
 * A promise is only listened to, and is never ready at the first look: pass the queue, and not `queue.get()`. An arm that
 * fails, such as a closed queue or a failed task, rejects the call with its error.
 *
 * @throws RangeError when there is no arm; TypeError that names a value that is no arm, such as a function; QueueClosedError
 * and other errors of arms; `UsageError` `ERR_CLOSED` when all arms are tokens and all are closed.
 *
 * @example
 * ```ts
 * import { after, CancellationToken, Queue, select } from "@hother/cancelable";
 *
 * const jobs = new Queue<string>();
 * const stop = new CancellationToken();
 * jobs.putNowait("first");
 * const seen: string[] = [];
 * for (;;) {
 *   const chosen = await select({ stop, job: jobs, idle: after(10) });
 *   if (chosen.key !== "job") break;
 *   seen.push(chosen.value);
 * }
 * console.assert(seen.join() === "first");
 * ```
 */
export function select<const A extends Readonly<Record<string, SelectArm | undefined>>>(
  arms: A,
  options?: SelectOptions,
): Promise<Selected<A>> {
  let chosen: Promise<Chosen>;
  try {
    requireKnownOptions(options, { order: 1, scope: 1 }, "select");
    const { order = "listed", scope } = options ?? {};
    requireOneOf(order, "options.order", ["listed", "fair"]);
    const node = scope === undefined ? currentNode() : explicitParent(scope, "options.scope");
    chosen = chooseIn(node, requireArms(arms, node), order === "fair");
  } catch (error) {
    return Promise.reject(error);
  }
  return chosen as Promise<unknown> as Promise<Selected<A>>; // the keys and values are those of the arms
}

function chooseIn(node: ScopeNode, arms: readonly KeyedArm[], isFair: boolean): Promise<Chosen> {
  const rejected = rejectIfCancelled(node);
  if (rejected !== undefined) return rejected;
  if (arms.length === 0) throw noArmLeft();
  const { clock } = node;
  for (const { key, arm } of isFair ? shuffled(arms, () => clock.runtime.random()) : arms) {
    const value = arm.poll(node);
    if (value !== wouldWait) return resolveFairly(node, { key, value });
  }
  const selection = new Selection(node, arms);
  // A promise that has settled would be chosen in this turn of the event loop.
  if (!arms.some(({ arm }) => arm.listens) || !clock.isTurnDue()) return selection.promise;
  const inLaterTurn = selection.promise.then((value) => afterTurn(node, value));
  markWait(inLaterTurn, selection);
  return inLaterTurn;
}

/** The arms of the argument, without those that take no part. */
function requireArms(arms: unknown, node: ScopeNode): readonly KeyedArm[] {
  if (typeof arms !== "object" || arms === null || Array.isArray(arms))
    throw invalidType("arms", "an object of named arms", arms);
  const list: KeyedArm[] = [];
  let isEmpty = true;
  for (const key of Object.keys(arms)) {
    const value: unknown = (arms as Record<string, unknown>)[key];
    if (value === undefined) continue;
    isEmpty = false;
    const arm = armFor(value, node);
    if (arm === undefined) throw invalidType(`arms.${key}`, expectedArm, value);
    if (arm === "of another copy")
      throw invalidType(`arms.${key}`, `${expectedArm} of this copy of the package`, value);
    if (arm !== "closed") list.push({ key, arm });
  }
  if (isEmpty) throw outOfRange("arms", "an object with at least one arm", arms);
  return list;
}

const expectedArm = "a queue, lock, semaphore, limiter, event, deferred, token, task, promise or after(span)";

/** The same elements in random order (Fisher and Yates). */
function shuffled<T>(list: readonly T[], random: () => number): readonly T[] {
  const result = [...list];
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [result[i], result[j]] = [result[j] as T, result[i] as T]; // both indexes are in the list
  }
  return result;
}
