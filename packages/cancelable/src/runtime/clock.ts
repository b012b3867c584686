import { DeadlineQueue, type Slot, type Timed } from "./deadline-queue.ts";
import type { Runtime } from "./runtime.ts";

/** The clock of one runtime, with all deadlines, sleeps and alarms that are set on it. */
export class Clock {
  readonly runtime: Runtime;
  #deadlines: DeadlineQueue;

  constructor(runtime: Runtime) {
    this.runtime = runtime;
    this.#deadlines = new DeadlineQueue(runtime);
  }

  /** The queue of deadlines. A new one after the runtime's timers were replaced, for example by fake timers. */
  get deadlines(): DeadlineQueue {
    if (!this.#deadlines.isCurrent) this.#deadlines = new DeadlineQueue(this.runtime);
    return this.#deadlines;
  }

  /** The time in monotonic milliseconds. */
  now(): number {
    return this.runtime.now();
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
