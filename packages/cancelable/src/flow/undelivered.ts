import { guardCallback } from "../guard-callback.ts";
import { Lease } from "../sync/lease.ts";

/**
 * The function to call for the value of a loser, which no caller gets: the guarded `onUndelivered`. Without one, a lease is
 * released and any other value is dropped.
 *
 * @throws TypeError when `onUndelivered` is not a function.
 */
export function toUndelivered<T>(onUndelivered: ((value: T) => unknown) | undefined): (value: T) => void {
  return guardCallback(onUndelivered, "onUndelivered") ?? releaseLease;
}

function releaseLease(value: unknown): void {
  if (value instanceof Lease) value.release();
}
