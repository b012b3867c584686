// @ts-check
// A function of a module runs in a thread of a pool. The threads are those of the package `piscina`.
import { Cancellable } from "@hother/cancelable";
import { PiscinaPool, runInThread, settleInThread } from "@hother/cancelable/threads";

const module = new URL("primes.mjs", import.meta.url);
/** @type {import("@hother/cancelable/threads").ThreadWork<typeof import("./primes.mjs").countPrimes>} */
const countPrimes = { module, export: "countPrimes" };
/** @type {import("@hother/cancelable/threads").ThreadWork<typeof import("./primes.mjs").countForEver>} */
const countForEver = { module, export: "countForEver" };

const pool = new PiscinaPool({ threads: 2 });

// 1. The call is an operation: the progress in the thread goes to the operations above it.
const count = new Cancellable({ name: "count" }).onProgress((progress) => {
  if (typeof progress === "object") console.log(`${progress.current} of ${progress.total} ${progress.unit}`);
});
console.log("primes:", await count.run(() => runInThread(countPrimes, [200_000], { pool })));

// 2. A limit of the time. The loop ends at its next check.
const limited = await settleInThread(countPrimes, [1e12], { pool, timeout: 2_000 });
console.log(limited.status, limited.ended);

// 3. A loop without a check is ended together with its thread, `grace` after the limit. The pool is whole again.
const stuck = await settleInThread(countForEver, [], { pool, timeout: 2_000, grace: 50 });
console.log(stuck.status, stuck.ended);
console.log("primes:", await runInThread(countPrimes, [100], { pool }));

await pool.close();

// prints:
// 50000 of 200000 numbers
// 100000 of 200000 numbers
// 150000 of 200000 numbers
// 200000 of 200000 numbers
// primes: 17984
// cancelled cooperative
// cancelled terminated
// primes: 25
