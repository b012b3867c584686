import { requireBoolean, requireOneOf } from "../arguments.ts";
import { type Span, toInterval } from "../duration.ts";
import { type KnownOptions, requireKnownOptions } from "../known-options.ts";
import type { ScopeNode } from "../scope/scope-node.ts";
import { type Limits, limits } from "../scope/scope-options.ts";
import { ScopedIterator } from "../scope/scoped-iterator.ts";
import { nextTurnIn, sleepUntilIn } from "../scope/sleeper.ts";

export interface IntervalOptions extends Limits {
  /**
   * The rule for ticks whose time passes while the reader is busy. `"skip"`: the reader gets the latest one at once, and
   * the ones before it never. `"burst"`: the reader gets each one at once. `"delay"`: the reader gets the next one at
   * once, and all later ones move by the same time. Default: `"skip"`.
   */
  readonly missed?: "skip" | "burst" | "delay" | undefined;
  /** Whether the first tick is due at the start, and not one period later. Default: false. */
  readonly immediate?: boolean | undefined;
}

const known: KnownOptions<IntervalOptions> = { ...limits, missed: 1, immediate: 1 };

/**
 * An async iterable that ticks every `period` milliseconds on the clock of the backend, without drift: tick `k` is due at
 * `start + (k + 1) × period`. The start is the first read. Yields the number of the tick, from 0, so a gap in the numbers
 * tells how many were missed. No timer runs while the reader is busy. Reads reject when the scope is cancelled.
 *
 * Not for pauses between two pieces of work: that is a loop with `sleep`.
 *
 * @param period A positive, finite span, in ms or as a `Duration`.
 * @throws TypeError or RangeError for a bad argument, at once.
 *
 * @example
 * ```ts
 * import { interval, sleep } from "@hother/cancelable";
 *
 * let beats = 0;
 * for await (const _tick of interval(5)) {
 *   await sleep(1); // the next tick is due 4 ms later
 *   beats += 1;
 *   if (beats === 3) break;
 * }
 * console.assert(beats === 3);
 * ```
 */
export function interval(
  period: Span,
  options?: IntervalOptions,
): AsyncGenerator<number, undefined, undefined> {
  const ms = toInterval(period, "period");
  requireKnownOptions(options, known, "interval");
  const { missed = "skip", immediate = false, ...ofScope } = options ?? {};
  requireOneOf(missed, "options.missed", ["skip", "burst", "delay"]);
  requireBoolean(immediate, "options.immediate");
  return new ScopedIterator(ofScope, ({ scope }) => ticks(scope.node, ms, missed, immediate));
}

async function* ticks(
  node: ScopeNode,
  period: number,
  missed: NonNullable<IntervalOptions["missed"]>,
  immediate: boolean,
): AsyncGenerator<number, undefined, undefined> {
  const { clock } = node;
  /** The time at which tick 0 is due. Only the rule `"delay"` moves it. */
  let first = clock.now() + (immediate ? 0 : period);
  for (let tick = 0; ; tick++) {
    const due = first + tick * period;
    let now = clock.now();
    const isLate = now > due;
    if (now < due) {
      await sleepUntilIn(node, due);
      now = clock.now();
    } else {
      node.check();
      // A reader that is always late must not keep timers and sockets from being served.
      if (clock.isTurnDue(now)) await nextTurnIn(node);
    }
    // A timer that fires a little late moves no tick.
    if (missed === "delay" && (isLate || now - due >= period)) first += now - due;
    // The quotient of a tiny period is Infinity, which would be the last tick.
    if (missed === "skip")
      tick = Math.max(tick, Math.min(Math.floor((now - first) / period), Number.MAX_SAFE_INTEGER));
    yield tick;
  }
}
