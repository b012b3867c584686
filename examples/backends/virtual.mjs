// @ts-check
// A test in milliseconds of code that takes hours. Virtual time is a number, which advances when all tasks wait.
import assert from "node:assert/strict";
import { moveOnAfter, retry, run, sleep, taskGroup } from "@hother/cancelable";
import { VirtualBackend } from "@hother/cancelable/testing";

/**
 * The code under test: tries until it succeeds. It waits one minute after the first failure, then two, then four.
 *
 * @param {() => Promise<string>} attempt
 */
const withRetries = (attempt) =>
  retry(attempt, {
    attempts: Number.POSITIVE_INFINITY,
    attemptTimeout: { seconds: 30 },
    backoff: { initial: { minutes: 1 }, max: { minutes: 4 }, jitter: "none" },
    onRetry: (error) => console.log(`attempt failed: ${/** @type {Error} */ (error).name}`),
  });

const started = performance.now();

// 1. Time jumps by itself to the next timer.
const backend = new VirtualBackend({ epoch: Date.UTC(2030, 0, 1) });
let calls = 0;
const flaky = async () => {
  if (++calls === 1) throw new Error("connection refused");
  if (calls === 2) await sleep({ hours: 1 }); // cancelled after 30 s
  return "ok";
};
assert.equal(await run(() => withRetries(flaky), { backend }), "ok");
assert.equal(backend.now(), 60_000 + 30_000 + 120_000);
console.log(`ok at ${new Date(backend.epoch()).toISOString()}`);

// 2. The test can also advance time itself.
const manual = new VirtualBackend({ autoJump: false });
const order = /** @type {string[]} */ ([]);
const all = run(
  () =>
    taskGroup((group) => {
      group.startSoon(() => sleep(200).then(() => order.push("sleeper")));
      group.startSoon(() => moveOnAfter(100, () => sleep(500)).then(() => order.push("timeout")));
    }),
  { backend: manual },
);
await manual.advance(100);
assert.deepEqual(order, ["timeout"]);
await manual.advance(100);
await all;
console.log(order.join(", "), "- timers left:", manual.timerCount);
console.log("took less than a minute:", performance.now() - started < 60_000);

// prints:
// attempt failed: Error
// attempt failed: TimeoutError
// ok at 2030-01-01T00:03:30.000Z
// timeout, sleeper - timers left: 0
// took less than a minute: true
