import { runOutside } from "#platform/ambient";
import { inLaterTurn } from "#platform/turns";
import { DeadlineQueue } from "./deadline-queue.ts";
import { OwnTimers } from "./own-timers.ts";
import type { Runtime } from "./runtime.ts";
import type { Deadlines, Slot, Timed } from "./timed.ts";

/** The longest time that the event loop goes without a turn while code awaits functions of this library, in ms. */
const longestTurn = 4;

/** The clock of one runtime, with all deadlines, sleeps and alarms that are set on it. */
export class Clock {
  readonly runtime: Runtime;
  /** The time that {@link now} returned last. */
  latest = 0;
  #timers: unknown;
  #deadlines: Deadlines;
  /** The time at which the current turn of the event loop was first seen. Undefined: this turn was not seen yet. */
  #turnSeen: number | undefined = undefined;

  constructor(runtime: Runtime) {
    this.runtime = runtime;
    this.#timers = runtime.timers;
    this.#deadlines = deadlinesOf(runtime);
  }

  /** The deadlines. A new object after the runtime's timers were replaced, for example by fake timers. */
  get deadlines(): Deadlines {
    const { timers } = this.runtime;
    if (timers !== this.#timers) {
      this.#timers = timers;
      this.#deadlines = deadlinesOf(this.runtime);
    }
    return this.#deadlines;
  }

  /** The time in monotonic milliseconds. */
  now(): number {
    this.latest = this.runtime.now();
    return this.latest;
  }

  /**
   * Whether the current turn of the event loop has taken 4 ms or more, so that timers, sockets and signals wait. Never
   * where time does not pass by itself.
   *
   * @param now A time from {@link now}, for callers that have just read it.
   */
  isTurnDue(now: number = this.now()): boolean {
    if (this.#turnSeen !== undefined) return now - this.#turnSeen >= longestTurn;
    const { runtime } = this;
    if (!(runtime.passesByItself ?? runtime.exactTimers !== true)) return false;
    this.#turnSeen = now;
    runOutside(() =>
      inLaterTurn(() => {
        this.#turnSeen = undefined;
      }),
    );
    return false;
  }

  /** Calls `due` once, not before `at`. Disposing cancels the call. */
  setAlarm(at: number, due: () => void): Disposable {
    const alarm = new Alarm(at, due);
    this.deadlines.add(alarm);
    return alarm;
  }
}

/** One call at one time. */
class Alarm implements Timed, Disposable {
  at: number;
  slot: Slot | undefined = undefined;
  readonly due: () => void;

  constructor(at: number, due: () => void) {
    this.at = at;
    this.due = due;
  }

  [Symbol.dispose](): void {
    this.slot?.remove();
  }
}

function deadlinesOf(runtime: Runtime): Deadlines {
  return runtime.ownTimers === true ? new OwnTimers(runtime) : new DeadlineQueue(runtime);
}

const clocks = new WeakMap<Runtime, Clock>();

/** The one clock of a runtime. */
export function clockOf(runtime: Runtime): Clock {
  let clock = clocks.get(runtime);
  if (clock === undefined) {
    clock = new Clock(runtime);
    clocks.set(runtime, clock);
  }
  return clock;
}
