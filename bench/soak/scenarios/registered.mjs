/** Registered operations with a history, and short-lived watchers. */
import assert from "node:assert/strict";
import { Cancellable, OperationRegistry, registry, sleep, taskGroup } from "@hother/cancelable";
import { PlannedFailure } from "../planned.mjs";

/** @import { Scenario, World } from "../types.mjs" */

const count = 100;
const remembered = 20;

/** Lives as long as the soak. Its history keeps only the newest operations. */
const everything = new OperationRegistry({ history: remembered });

/**
 * @param {World} world
 * @param {number} index
 */
function work({ random }, index) {
  const op = Cancellable.withTimeout(60_000, { name: `job ${index}`, register: true, metadata: { index } });
  op.onProgress(() => {}).onCancel(() => sleep(0));
  const kind = random.integer(0, 2);
  return op.settle(async () => {
    op.reportProgress({ current: 1, total: 4, unit: "rows" });
    await sleep(random.integer(0, 3));
    op.reportProgress("half way");
    if (kind === 0) throw new PlannedFailure();
    if (kind === 1) await sleep(60_000);
  });
}

/** @type {Scenario} */
export default {
  name: "registered operations",
  async round(world) {
    const seen = { registered: 0, started: 0, progress: 0, cancelling: 0, ended: 0 };
    const known = everything.registerAll();
    let ended = 0;
    await taskGroup(async (group) => {
      const quick = registry.watch({ throttle: 0 });
      const watching = group.startSoon(async () => {
        for await (const { type } of quick) {
          seen[type] += 1;
          if (seen.ended === count) break;
        }
      });
      // One watcher is never read. Another one is cancelled while it waits.
      const unread = registry.watch();
      const cancelled = group.startSoon(async () => {
        for await (const _ of new OperationRegistry().watch());
      });
      const jobs = Array.from({ length: count }, (_, index) => work(world, index));
      await sleep(5);
      assert.ok(registry.tree().length > 0 || ended === count);
      for (const { id } of registry.list({ status: "running", name: /[02468]$/ }))
        registry.cancel(id, "shutdown");
      registry.cancelAll({ status: "running" }, "shutdown", "the round is over");
      ended = (await Promise.all(jobs)).length;
      await watching;
      await unread.return?.();
      cancelled.cancel();
    });
    known[Symbol.dispose]();
    assert.deepEqual([seen.registered, seen.started, seen.ended], [count, count, count]);
    const past = registry.history();
    const failed = past.filter(({ status }) => status === "failed").length;
    assert.equal(past.length, count, "the history of the round");
    assert.equal(past.filter(({ status }) => status === "cancelled").length, seen.cancelling);
    assert.equal(registry.cleanupCompleted({ keepFailed: true }), count - failed);
    assert.equal(registry.cleanupCompleted(), failed);
    assert.deepEqual([everything.size, everything.history().length], [0, remembered]);
    return count;
  },
};
