import { requireCount } from "../arguments.ts";
import { AssertionError } from "./assertion-error.ts";

/** What {@link stepRecorder} returns; the two functions may be taken out of it. */
export interface StepRecorder {
  /**
   * Notes that step `n` happens now.
   *
   * @throws AssertionError unless it is the next one: 1, 2, 3, …
   */
  readonly step: (n: number) => void;
  /**
   * The last step. No other may follow.
   *
   * @throws AssertionError unless it is the next one; also if a step before was out of order and what that
   * threw was swallowed on its way.
   */
  readonly finish: (n: number) => void;
}

/**
 * Records the order of events: `step(1)`, `step(2)`, … and at the end `finish(n)`, in this order, or the
 * test fails (kotlinx.coroutines: `expect(1)` … `finish(3)`).
 *
 * @example
 * ```ts
 * import { Cancellable, sleepForever } from "@hother/cancelable";
 * import { stepRecorder } from "@hother/cancelable/testing";
 *
 * const { step, finish } = stepRecorder();
 * const op = new Cancellable();
 * const ended = op.settle(async () => {
 *   step(1);
 *   await sleepForever().finally(() => step(3));
 * });
 * step(2);
 * op.cancel();
 * await ended;
 * finish(4);
 * ```
 */
export function stepRecorder(): StepRecorder {
  let last = 0;
  let finished = false;
  let failure: AssertionError | undefined;
  const next = (n: number): void => {
    requireCount(n, "n", 1);
    if (failure !== undefined) throw failure;
    if (finished) {
      failure = new AssertionError(`Expected no step after finish(${last}), but step ${n} happened`);
    } else if (n !== last + 1) {
      failure = new AssertionError(
        `Expected step ${last + 1}${last === 0 ? "" : ` after step ${last}`}, but step ${n} happened`,
        { actual: n, expected: last + 1 },
      );
    }
    if (failure !== undefined) throw failure;
    last = n;
  };
  return {
    step: next,
    finish(n) {
      next(n);
      finished = true;
    },
  };
}
