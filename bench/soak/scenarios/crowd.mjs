/** 1,000 concurrent operations, cancelled when all of them have done half of their work. */
import assert from "node:assert/strict";
import { Cancellable, CancellationToken, Event, shield, sleep } from "@hother/cancelable";

/** @import { Scenario } from "../types.mjs" */

const count = 1_000;

/** @type {Scenario} */
export default {
  name: "concurrent operations",
  async round({ random }) {
    const stop = new CancellationToken();
    const halfway = new Event();
    let [arrived, cleaned] = [0, 0];
    const operations = Array.from({ length: count }, () =>
      random.chance(0.5) ? Cancellable.withToken(stop) : Cancellable.withTimeout(60_000, { token: stop }),
    );
    const endings = operations.map((op) => {
      const pause = random.integer(0, 5);
      return op.settle(async () => {
        try {
          await sleep(pause);
          arrived += 1;
          if (arrived === count) halfway.set();
          await sleep(60_000);
        } finally {
          await shield(() => sleep(1));
          cleaned += 1;
        }
      });
    });
    await halfway.wait();
    // Some operations are cancelled one by one in random order, the others together.
    const alone = random.shuffle(operations).slice(0, random.integer(0, count));
    for (const op of alone) assert.equal(op.cancel("manual", "alone"), true);
    stop.cancel("shutdown", "together");
    const outcomes = await Promise.all(endings);
    const reasons = outcomes.map((outcome) =>
      outcome.status === "cancelled" ? outcome.error.reason : outcome.status,
    );
    assert.equal(reasons.filter((reason) => reason === "manual").length, alone.length);
    assert.equal(reasons.filter((reason) => reason === "shutdown").length, count - alone.length);
    assert.equal(cleaned, count, "finished clean-ups");
    return count;
  },
};
