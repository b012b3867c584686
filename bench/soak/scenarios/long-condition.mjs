/** One condition that is checked every few milliseconds during the whole soak. */
import assert from "node:assert/strict";
import { Cancellable, sleep, sleepForever } from "@hother/cancelable";

/** @import { Scenario } from "../types.mjs" */

const interval = 5;
/** Each fiftieth check takes longer than the interval, so that the next check has to wait for it. */
const slowEach = 50;

let [checks, counted, under, most] = [0, 0, 0, 0];
let isOver = false;
let begun = 0;
/** @type {Promise<import("@hother/cancelable").Outcome<void>> | undefined} */
let ending;

async function slowly() {
  await sleep(interval * 3);
  under -= 1;
  return isOver;
}

function check() {
  checks += 1;
  under += 1;
  most = Math.max(most, under);
  if (checks % slowEach === 0) return slowly();
  under -= 1;
  return checks % 2 === 0 ? Promise.resolve(isOver) : isOver;
}

/** @type {Scenario} */
export default {
  name: "a long condition",
  open() {
    begun = performance.now();
    ending = Cancellable.withCondition(check, { interval, parent: null, name: "long" }).settle(() =>
      sleepForever(),
    );
  },
  async round() {
    await sleep(interval * 4);
    assert.equal(most, 1, "concurrent checks");
    const passed = performance.now() - begun;
    assert.ok(checks <= passed / interval + 2, `too many checks: ${checks} in ${passed} ms`);
    const fresh = checks - counted;
    assert.ok(fresh > 0, "the condition is no longer checked");
    counted = checks;
    return fresh;
  },
  async close() {
    isOver = true;
    const outcome = await ending;
    assert.equal(outcome?.status, "cancelled");
    assert.equal(/** @type {any} */ (outcome).error.reason, "condition");
  },
};
