// Measures tokens and calls of threads by hand: `node --expose-gc bench/threads.mjs [checks] [cancel] [volume]`, or with
// another host in place of `node`. Not a part of `npm run bench`: the latencies are those of the scheduler, and can be
// compared only within one run.
import { Cancellable } from "@hother/cancelable";
import { checkEvery, SharedCancellationToken } from "@hother/cancelable/threads";
import { measureCancellation } from "./threads/cancel.mjs";
import { host } from "./threads/hosts.mjs";
import { measureVolumes } from "./threads/volume.mjs";

const turns = 1_000_000;

/** Nanoseconds of one turn, the best of 60 rounds. */
function nanoseconds(/** @type {() => void} */ fn) {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 60; round++) {
    const start = performance.now();
    fn();
    best = Math.min(best, performance.now() - start);
  }
  return ((best * 1e6) / turns).toFixed(1);
}

/** The price of one check. */
function measureChecks() {
  const token = new SharedCancellationToken();
  const word = new Int32Array(new SharedArrayBuffer(4));
  const every = checkEvery(1_024, token);
  const linked = new Cancellable({ token }).start();
  const timed = new Cancellable({ timeout: 1e6 }).start();
  const everyTimed = checkEvery(1_024, timed);
  console.table({
    "Atomics.load": nanoseconds(() => {
      for (let i = 0; i < turns; i++) if (Atomics.load(word, 0) !== 0) throw new Error();
    }),
    "token.check()": nanoseconds(() => {
      for (let i = 0; i < turns; i++) token.check();
    }),
    "checkEvery(1024, token)": nanoseconds(() => {
      for (let i = 0; i < turns; i++) every();
    }),
    "op.check(), the operation follows the token": nanoseconds(() => {
      for (let i = 0; i < turns; i++) linked.check();
    }),
    "op.check(), the operation has a deadline": nanoseconds(() => {
      for (let i = 0; i < turns; i++) timed.check();
    }),
    "checkEvery(1024, op), with a deadline": nanoseconds(() => {
      for (let i = 0; i < turns; i++) everyTimed();
    }),
  });
  linked[Symbol.asyncDispose]();
  timed[Symbol.asyncDispose]();
}

const parts = { checks: measureChecks, cancel: measureCancellation, volume: measureVolumes };
const chosen = process.argv.slice(2);
for (const name of chosen)
  if (!(name in parts)) throw new Error(`there are ${Object.keys(parts)}; got ${name}`);
console.log(host);
for (const [name, measure] of Object.entries(parts))
  if (chosen.length === 0 || chosen.includes(name)) await measure();
process.exit(0); // Deno lets terminated threads run on
