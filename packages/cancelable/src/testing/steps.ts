import { requireCount } from "../arguments.ts";
import { AssertionError } from "./assertion-error.ts";

/** The result of {@link stepRecorder}. The two functions can be destructured. */
export interface StepRecorder {
  /**
   * Records step `n`.
   *
   * @throws AssertionError unless `n` is the next number: 1, 2, 3, …
   */
  readonly step: (n: number) => void;
  /**
   * Records step `n` as the last one. No step may follow.
   *
   * @throws AssertionError unless `n` is the next number. If an earlier step was out of order and the code under test
   * caught the error, the same error is thrown again.
   */
  readonly finish: (n: number) => void;
}

/**
 * Asserts the order of events: the test calls `step(1)`, `step(2)`, … and at the end `finish(n)`, and fails if the
 * calls come in another order. In kotlinx.coroutines, the same functions are `expect(1)` and `finish(3)`.
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
