import { runOutside } from "#platform/ambient";
import type { Runtime } from "./runtime.ts";
import type { Deadlines, Slot, Timed } from "./timed.ts";

/**
 * Deadlines and sleeps with one timer of the runtime each, for fake timers. One step of the fake time then reaches
 * all entries that are due, as it does for plain timers. A timer that is set again and again would be wrong: if the
 * clock is not faked, the fake time that has passed since then is unknown.
 */
export class OwnTimers implements Deadlines {
  readonly #runtime: Runtime;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  add(entry: Timed): void {
    entry.slot = new OwnTimer(entry, this.#runtime);
  }
}

class OwnTimer implements Slot {
  readonly #entry: Timed;
  readonly #timer: Disposable;

  constructor(entry: Timed, runtime: Runtime) {
    this.#entry = entry;
    this.#timer = runOutside(() => runtime.setTimer(entry.at, () => this.#fire()));
  }

  #fire(): void {
    this.#entry.slot = undefined;
    this.#entry.due();
  }

  remove(): void {
    this.#entry.slot = undefined;
    this.#timer[Symbol.dispose]();
  }
}
