import { type Span, toEpoch } from "../duration.ts";
import { currentNode } from "../scope/ambient.ts";
import { openFrom, type ScopeNode } from "../scope/scope-node.ts";
import { nextTurnIn, sleepIn, sleepUntilIn } from "../scope/sleeper.ts";

/**
 * Sleeps for `span` (milliseconds or a `Duration`), and never for less. A span of 0 or less gives the event loop
 * a turn; `null` and `Infinity` sleep until cancelled. Rejects when the ambient scope is cancelled.
 *
 * @example
 * ```ts
 * import { sleep } from "@hother/cancelable";
 *
 * await sleep(5);
 * await sleep({ seconds: 0.005 });
 * ```
 */
export function sleep(span: Span): Promise<void> {
  return sleepIn(currentNode(), span);
}

/** The longest sleep without a look at the wall clock, in ms. */
const rereadEvery = 60_000;

/**
 * Sleeps until a moment of the wall clock: a `Date` or epoch milliseconds. A moment in the past is still a
 * checkpoint. When the clock is set past the moment, the sleep ends within a minute.
 *
 * @example
 * ```ts
 * import { sleepUntil } from "@hother/cancelable";
 *
 * await sleepUntil(new Date(Date.now() + 5));
 * ```
 */
export function sleepUntil(moment: Date | number): Promise<void> {
  return sleepToMoment(currentNode(), moment);
}

async function sleepToMoment(node: ScopeNode, moment: Date | number): Promise<void> {
  const epoch = toEpoch(moment, "moment");
  const { runtime } = node.clock;
  // The wall clock can be set during the sleep, back or forth, so it is read again every minute and before returning.
  for (let left = epoch - runtime.epoch(); left > 0; left = epoch - runtime.epoch()) {
    // Virtual time and its wall clock move together.
    const isEven = left === Number.POSITIVE_INFINITY || runtime.exactTimers === true;
    await sleepUntilIn(openFrom(node), runtime.now() + (isEven ? left : Math.min(left, rereadEvery)));
  }
  await nextTurnIn(openFrom(node));
}

/** Sleeps until cancelled. */
export function sleepForever(): Promise<never> {
  // A sleep until Infinity never resolves.
  return sleepUntilIn(currentNode(), Number.POSITIVE_INFINITY) as Promise<never>;
}
