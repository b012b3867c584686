/*
 * The clock of the native runtime. It is the clock of the host, unless the timers are faked and the clock is not, as
 * with the mock timers of node:test. Then the timers drive the clock:
 *
 *  N1  The driven clock stands still between two timers, so real time does not shift a deadline. It counts in whole
 *      milliseconds, so that a span is exact.
 *  N2  A timer that fires moves the driven clock to the time of the timer. The driven clock is therefore never ahead of
 *      the fake time.
 *  N3  The clock never goes back, also when the fake timers are gone.
 *  N4  A wrapped `setTimeout` (zone.js, error trackers, spies) is not taken for a fake: the clock of the host goes on.
 */
const originalSetTimeout = globalThis.setTimeout;
const originalNow = performance.now;

/** The time that `now` is ahead of the host's clock, in whole ms. Stays 0 unless timers drive the clock. */
let skew = 0;
/** The fake `setTimeout` that drives the clock. */
let driver: unknown;
/** The time on the driven clock. */
let driven = 0;

/** The time in monotonic milliseconds. */
export function now(): number {
  if (globalThis.setTimeout === originalSetTimeout) driver = undefined;
  else if (isDriven()) return driven;
  return hostNow();
}

/** The time on the clock of the host, which can be faked. */
export function hostNow(): number {
  return performance.now() + skew;
}

/** Whether `setTimeout` was replaced, by fake timers or by a wrapper. */
export function isReplaced(setTimeout: unknown = globalThis.setTimeout): boolean {
  return setTimeout !== originalSetTimeout;
}

/** Whether timers are faked and the clock is not. */
export function isDriven(): boolean {
  const { setTimeout } = globalThis;
  if (performance.now !== originalNow) return false;
  if (setTimeout === driver) return true;
  if (!isFake(setTimeout)) return false;
  driver = setTimeout;
  driven = 0;
  moveTo(Math.ceil(hostNow())); // N1
  return true;
}

/** A timer for `at` has fired: moves the clock to `at`, if the clock is not there yet (N2, N3). */
export function moveTo(at: number): void {
  driven = Math.max(driven, at);
  skew = Math.max(skew, Math.ceil(at - performance.now()));
}

/** A `setTimeout` whose timer has fired far too early: of fake timers that the library does not know. */
let foundFake: unknown;

/** Notes that a timer of `setTimeout` has fired far too early, which no timer of the host does. */
export function noteFake(setTimeout: unknown): void {
  foundFake = setTimeout;
}

/**
 * Whether timers are faked, as far as the library can know. A replaced `setTimeout` counts as a wrapper of the real one
 * (N4) until one of its timers has fired far too early.
 */
export function isFaked(): boolean {
  const { setTimeout } = globalThis;
  return isFake(setTimeout) || (setTimeout === foundFake && isReplaced(setTimeout));
}

/**
 * Whether `setTimeout` belongs to known fake timers: of sinon (also in vitest and Jest) or of node:test. It is never
 * called to find out, because tests count calls (N4).
 */
export function isFake(setTimeout: { readonly name: string }): boolean {
  return (
    isReplaced(setTimeout) && (Object.hasOwn(setTimeout, "clock") || setTimeout.name === "bound #createTimer")
  );
}
