import { inLaterTurn } from "#platform/turns";
import type { Runtime } from "./runtime.ts";

/** Above this, `setTimeout` fires at once. */
const longestTimer = 2 ** 31 - 1;

const originalSetTimeout = globalThis.setTimeout;

/** What a clock that does not follow faked timers has been moved by them, in ms. */
let skew = 0;

/** Plain promises, on the host's timers, which are looked up at every use: fake timers drive it. */
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
    // The same pair for setting and clearing, whoever replaces them in between.
    const { setTimeout, clearTimeout } = globalThis;
    let handle: ReturnType<typeof setTimeout>;
    const arm = (): void => {
      const armedAt = performance.now();
      const delay = Math.min(Math.max(Math.ceil(at - armedAt - skew), 0), longestTimer);
      handle = setTimeout(() => {
        const early = at - (performance.now() + skew);
        if (early <= 0) fire();
        else if (setTimeout !== originalSetTimeout && performance.now() - armedAt < delay / 2) {
          // Timers are faked and the clock is not (node:test's mock timers): the timer is right.
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
