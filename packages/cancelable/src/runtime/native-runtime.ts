import { inLaterTurn } from "#platform/turns";
import { hostNow, isDriven, isFake, isFaked, isReplaced, moveTo, noteFake, now } from "./native-clock.ts";
import type { Runtime } from "./runtime.ts";

/** The longest delay of `setTimeout`, in ms. It fires a longer one immediately. */
const longestTimer = 2 ** 31 - 1;

/**
 * The runtime of plain promises, on the timers of the host. It looks the timers up at every use, so that fake timers
 * control it.
 */
export const nativeRuntime: Runtime = {
  name: "native",

  now,

  epoch(): number {
    return Date.now();
  },

  random(): number {
    return Math.random();
  },

  get timers(): unknown {
    return globalThis.setTimeout;
  },

  get exactTimers(): boolean {
    return isReplaced();
  },

  get passesByItself(): boolean {
    return !isFaked();
  },

  get ownTimers(): boolean {
    return isFake(globalThis.setTimeout);
  },

  setTimer(at: number, fire: () => void): Disposable {
    // One pair for setting and clearing: the global functions can be replaced between the two calls.
    const { setTimeout, clearTimeout } = globalThis;
    let handle: ReturnType<typeof setTimeout> | undefined;
    /** Sets a timer on a clock that follows its timers. */
    const armDriven = (from: number): void => {
      const delay = delayOf(at - from);
      handle = setTimeout(() => {
        const reached = from + delay;
        moveTo(reached);
        if (reached >= at) fire();
        else armDriven(reached);
      }, delay);
    };
    /** Sets a timer on a clock that goes on by itself. */
    const arm = (): void => {
      const armedAt = hostNow();
      const delay = delayOf(at - armedAt);
      handle = setTimeout(() => {
        let reached = hostNow();
        // A timer that fires this early is an unknown fake, without a fake clock: the clock follows the timer. A real
        // timer can be early by 1 ms.
        if (reached < at && isReplaced(setTimeout) && reached - armedAt < delay / 2 - 1) {
          noteFake(setTimeout);
          reached = Math.min(armedAt + delay, at);
          moveTo(reached);
        } else if (isDriven()) moveTo(Math.min(reached, at)); // the timers were faked after this timer was set
        if (reached >= at) fire();
        else arm();
      }, delay);
    };
    if (isDriven()) {
      // Fake timers keep no process alive, and "run the pending timers" is not to wait for ever.
      if (at !== Number.POSITIVE_INFINITY) armDriven(now());
    } else if (at !== Number.POSITIVE_INFINITY || !isFake(setTimeout)) arm();
    return {
      [Symbol.dispose]() {
        if (handle !== undefined) clearTimeout(handle);
      },
    };
  },

  turn: inLaterTurn,
};

function delayOf(span: number): number {
  return Math.min(Math.max(Math.ceil(span), 0), longestTimer);
}
