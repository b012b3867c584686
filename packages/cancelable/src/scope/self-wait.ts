import { placeIn, placeOf } from "../place.ts";
import { report } from "../reporter.ts";
import type { Clock } from "../runtime/clock.ts";
import { UsageError, type UsageErrorCode } from "../usage-error.ts";

/** The time after which a task that waits for itself is reported, in ms. */
const reportAfter = 5_000;

/** The locks, limiters and tasks that have been reported. Each one is reported once. */
const reported = new WeakSet<object>();

/** The reported waits that have not ended, for the message of a test whose time is stuck. */
const unended = new Set<{ readonly clock: Clock; readonly error: Error }>();

/** @internal The messages of the reported waits on this clock that have not ended. */
export function selfWaitsOn(clock: Clock): string[] {
  return Array.from(unended)
    .filter((wait) => wait.clock === clock)
    .map(({ error }) => error.message);
}

interface SelfWait {
  readonly code: UsageErrorCode;
  /** The thing that the task waits for, as the subject of the message. */
  readonly subject: string;
  readonly clock: Clock;
  readonly wait: Promise<unknown>;
  /** The lease of that thing that the task holds. Undefined if the task does not wait for itself any more. */
  readonly held: () => object | undefined;
}

/**
 * @internal Reports a wait of a task for something that only the same task can end, if the wait lasts longer than 5 s.
 * The wait is not refused: another flow of the task, started with `Promise.all`, can end it.
 */
export function reportSelfWait(target: object, { code, subject, clock, wait, held }: SelfWait): void {
  const waiting = new Error();
  const alarm = clock.setAlarm(clock.now() + reportAfter, () => {
    const lease = reported.has(target) ? undefined : held();
    if (lease === undefined) return;
    reported.add(target);
    const waitPlace = placeIn(waiting);
    const leasePlace = lease === target ? undefined : placeOf(lease);
    const error = new UsageError(
      code,
      subject,
      `a task has waited for itself for 5 s${waitPlace === undefined ? "" : ` at ${waitPlace}`}` +
        (leasePlace === undefined ? "" : `; it acquired the lease at ${leasePlace}`),
    );
    const entry = { clock, error };
    unended.add(entry);
    const ended = (): void => void unended.delete(entry);
    wait.then(ended, ended);
    report(error, "a wait of a task");
  });
  const stop = (): void => alarm[Symbol.dispose]();
  wait.then(stop, stop);
}
