import timers from "node:timers";

// Stored when the module is loaded: fake timers must not hold up messages of other threads.
const { setTimeout } = timers;

/** Calls `fn` once after `ms`. The timer does not keep the process alive. */
export function afterIdle(ms: number, fn: () => void): void {
  setTimeout(fn, ms).unref();
}
