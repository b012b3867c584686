import type { Clock } from "./clock.ts";

/** Set when the scopes are loaded. */
let find!: () => Clock;

/** Sets the function that finds the clock of the calling code. The scopes know it. */
export function setAmbientClock(next: () => Clock): void {
  find = next;
}

/** The clock of the backend on which the calling code runs. */
export function ambientClock(): Clock {
  return find();
}
