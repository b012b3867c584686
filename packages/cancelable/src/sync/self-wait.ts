import { report } from "../reporter.ts";
import type { Clock } from "../runtime/clock.ts";
import { UsageError } from "../usage-error.ts";

/** The time after which a task that waits for itself is reported, in ms. */
const reportAfter = 5_000;

/** What has been reported. One report for each lock or limiter is enough. */
const reported = new WeakSet<object>();

interface SelfWait {
  /** The class of the lender. */
  readonly name: string;
  readonly clock: Clock;
  readonly wait: Promise<unknown>;
  /** Whether the task still holds what the wait is for. */
  readonly waitsForItself: () => boolean;
}

/**
 * @internal Reports a wait of a task for a lease that the same task holds, if the wait lasts longer than 5 s. The wait
 * is not refused: another flow of the task, started with `Promise.all`, can hold the lease and release it.
 */
export function reportSelfWait(lender: object, { name, clock, wait, waitsForItself }: SelfWait): void {
  const alarm = clock.setAlarm(clock.now() + reportAfter, () => {
    if (reported.has(lender) || !waitsForItself()) return;
    reported.add(lender);
    report(
      new UsageError("ERR_ALREADY_HELD", name, "a task has waited for its own lease for 5 s"),
      `a ${name}`,
    );
  });
  const stop = (): void => alarm[Symbol.dispose]();
  wait.then(stop, stop);
}
