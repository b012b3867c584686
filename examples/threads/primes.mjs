// @ts-check
// The functions that work-in-a-thread.mjs runs in threads.
import { currentOperation } from "@hother/cancelable";

/** @param {number} n */
function isPrime(n) {
  for (let divisor = 2; divisor * divisor <= n; divisor++) if (n % divisor === 0) return false;
  return true;
}

/**
 * Counts the primes up to `last`, in a loop that never yields.
 *
 * @param {number} last
 */
export function countPrimes(last) {
  const op = currentOperation();
  let found = 0;
  for (let n = 2; n <= last; n++) {
    op?.check();
    if (isPrime(n)) found++;
    if (n % 50_000 === 0) op?.reportProgress({ current: n, total: last, unit: "numbers" });
  }
  return found;
}

/** A loop without a check. */
export function countForEver() {
  for (let n = 0; ; n++);
}
