import { moveOnAfterByHand, quietController, sleepByHand } from "../by-hand.mjs";

/** @import { Case } from "../types.mjs" */

const operations = 1000;
const ms = 60_000;
const turn = () => new Promise((resolve) => setImmediate(resolve));

/**
 * Measures the bytes that stay in the heap after 1,000 concurrent operations, which are cancelled through their parent.
 * The parent stays referenced. A first pass warms up.
 *
 * @param {() => Promise<number>} heap
 * @param {() => Promise<unknown>} pass starts, cancels and awaits the operations, and returns the parent
 */
async function grow(heap, pass) {
  const kept = [await pass()];
  const before = await heap();
  kept.push(await pass());
  const growth = (await heap()) - before;
  return kept.length === 2 ? growth : Number.NaN;
}

/**
 * @param {any} lib
 * @param {() => Promise<unknown>} operation
 */
async function passInScope({ CancelScope }, operation) {
  const scope = new CancelScope();
  await scope.run(async () => {
    const pending = [];
    for (let i = 0; i < operations; i += 1) pending.push(operation());
    const settled = Promise.allSettled(pending);
    await turn();
    scope.cancel();
    await settled;
  });
  return scope;
}

/** @type {Case} */
export default {
  name: "heap-concurrent",
  about:
    "1,000 concurrent sleeping operations with one parent are cancelled through the parent, which stays referenced. The figure is the growth of the heap after a full collection.",
  per: "1,000 operations",
  kind: "heap",
  baseline: "hand-written",
  subjects: {
    moveOnAfter: {
      from: "@hother/cancelable",
      ours: true,
      setup: (lib) => lib,
      run: (heap, lib) =>
        lib.run(() =>
          grow(/** @type {any} */ (heap), () =>
            passInScope(lib, () => lib.moveOnAfter(ms, () => lib.sleep(ms))),
          ),
        ),
    },
    "Cancellable.withTimeout": {
      from: "@hother/cancelable",
      ours: true,
      setup: (lib) => lib,
      run: (heap, lib) =>
        lib.run(() =>
          grow(/** @type {any} */ (heap), () =>
            passInScope(lib, () => lib.Cancellable.withTimeout(ms).run(() => lib.sleep(ms))),
          ),
        ),
    },
    "hand-written": {
      run: (heap) =>
        grow(/** @type {any} */ (heap), async () => {
          const parent = quietController();
          const pending = [];
          for (let i = 0; i < operations; i += 1) {
            pending.push(moveOnAfterByHand(ms, parent.signal, (signal) => sleepByHand(ms, signal)));
          }
          const settled = Promise.allSettled(pending);
          await turn();
          parent.abort();
          await settled;
          return parent;
        }),
    },
  },
  targets: [
    { subject: "moveOnAfter", atMostBytes: 1_000_000 },
    { subject: "moveOnAfter", atMostTimers: 0 },
    { subject: "Cancellable.withTimeout", atMostBytes: 1_000_000 },
    { subject: "Cancellable.withTimeout", atMostTimers: 0 },
  ],
};
