import { moveOnAfterByHand } from "../by-hand.mjs";

/** @import { Case, Subject } from "../types.mjs" */

const operations = 100_000;
const warm = 5_000;
const ms = 60_000;
const body = async () => 1;

/**
 * Measures the bytes that stay in the heap after 100,000 operations in a row, while their parent lives on.
 *
 * @param {() => Promise<number>} heap
 * @param {() => Promise<unknown>} operation
 */
async function grow(heap, operation) {
  for (let i = 0; i < warm; i += 1) await operation();
  const before = await heap();
  for (let i = 0; i < operations; i += 1) await operation();
  return (await heap()) - before;
}

/** @type {Case} */
export default {
  name: "heap-sequential",
  about:
    "100,000 operations one after another with one parent that lives on. The figure is the growth of the heap after a full collection.",
  per: "100,000 operations",
  kind: "heap",
  baseline: "hand-written",
  subjects: {
    moveOnAfter: {
      from: "@hother/cancelable",
      ours: true,
      setup: (lib) => lib,
      run: (heap, { run, moveOnAfter }) =>
        run(() => grow(/** @type {any} */ (heap), () => moveOnAfter(ms, body))),
    },
    "Cancellable.withTimeout": {
      from: "@hother/cancelable",
      ours: true,
      setup: (lib) => lib,
      run: (heap, { run, Cancellable }) =>
        run(() => grow(/** @type {any} */ (heap), () => Cancellable.withTimeout(ms).run(body))),
    },
    "hand-written": {
      run: (heap) => {
        const parent = new AbortController();
        return grow(/** @type {any} */ (heap), () => moveOnAfterByHand(ms, parent.signal, body));
      },
    },
    "AbortSignal.any": {
      run: (heap) => {
        const parent = new AbortController();
        const operation = async () => {
          AbortSignal.any([AbortSignal.timeout(ms), parent.signal]);
        };
        return grow(/** @type {any} */ (heap), operation);
      },
    },
  },
  targets: [
    { subject: "moveOnAfter", atMostBytes: 1_000_000 },
    { subject: "moveOnAfter", atMostTimers: 0 },
    { subject: "Cancellable.withTimeout", atMostBytes: 1_000_000 },
    { subject: "Cancellable.withTimeout", atMostTimers: 0 },
  ],
};
