/** @import { Case } from "../types.mjs" */

const operations = 1_000_000;
const history = 1_000;
const warm = 5_000;
const body = async () => 1;

/**
 * Measures the bytes that stay in the heap after 1,000,000 operations in a row. The history is full before they start.
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
  name: "heap-registered",
  about:
    "1,000,000 operations one after another in a registry with a history of 1,000. The figure is the growth of the heap after a full collection.",
  per: "1,000,000 operations",
  kind: "heap",
  baseline: "unregistered",
  subjects: {
    unregistered: {
      from: "@hother/cancelable",
      ours: true,
      setup: (lib) => lib,
      run: (heap, { run, Cancellable }) =>
        run(() => grow(/** @type {any} */ (heap), () => new Cancellable().run(body))),
    },
    registered: {
      from: "@hother/cancelable",
      ours: true,
      setup: (lib) => lib,
      run: (heap, { run, Cancellable, OperationRegistry }) =>
        run(() => {
          const register = new OperationRegistry({ history });
          return grow(/** @type {any} */ (heap), () => new Cancellable({ register }).run(body));
        }),
    },
  },
  targets: [
    { subject: "registered", atMostBytes: 1_000_000 },
    { subject: "registered", atMostTimers: 0 },
  ],
};
