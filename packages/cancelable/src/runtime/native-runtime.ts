import { inLaterTurn } from "#platform/turns";
import type { Runtime } from "./runtime.ts";

/** The longest delay of `setTimeout`, in ms. It fires a longer one immediately. */
const longestTimer = 2 ** 31 - 1;

const originalSetTimeout = globalThis.setTimeout;

/**
 * Offset between `performance.now()` and faked timers, in ms. Stays 0 unless timers are faked and the clock is not.
 */
let skew = 0;

/**
 * The runtime of plain promises, on the timers of the host. It looks the timers up at every use, so that fake timers
 * control it.
 */
export const nativeRuntime: Runtime = {
  name: "native",

  now(): number {
    return performance.now() + skew;
  },

  epoch(): number {
    return Date.now();
  },

  get timers(): unknown {
    return globalThis.setTimeout;
  },

  get exactTimers(): boolean {
    return globalThis.setTimeout !== originalSetTimeout;
  },

  setTimer(at: number, fire: () => void): Disposable {
    // One pair for setting and clearing: the global functions can be replaced between the two calls.
    const { setTimeout, clearTimeout } = globalThis;
    let handle: ReturnType<typeof setTimeout>;
    const arm = (): void => {
      const armedAt = performance.now();
      const delay = Math.min(Math.max(Math.ceil(at - armedAt - skew), 0), longestTimer);
      handle = setTimeout(() => {
        const early = at - (performance.now() + skew);
        if (early <= 0) fire();
        else if (setTimeout !== originalSetTimeout && performance.now() - armedAt < delay / 2) {
          // The timers are faked and the clock is not, as with the mock timers of node:test. The clock follows the
          // timer.
          skew += Math.min(early, delay);
          if (delay < early) arm();
          else fire();
        } else arm();
      }, delay);
    };
    arm();
    return { [Symbol.dispose]: () => clearTimeout(handle) };
  },

  turn: inLaterTurn,
};
