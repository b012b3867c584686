/** @import { Case } from "../types.mjs" */

/**
 * @param {number} n
 * @param {any} lib
 * @param {(op: any) => any} prepare
 */
function operations(n, { run, Cancellable, sleep }, prepare) {
  return run(async () => {
    for (let i = 0; i < n; i += 1) {
      await prepare(new Cancellable()).run(async (/** @type {any} */ op) => {
        op.reportProgress("half");
        await sleep(0);
      });
    }
  });
}

let called = 0;
const callback = () => {
  called += 1;
};

/** @type {Case} */
export default {
  name: "operation-callbacks",
  about:
    "A whole operation that reports progress once and waits one turn of the event loop, with and without callbacks for its start, its progress and its end.",
  per: "operation",
  baseline: "without callbacks",
  subjects: {
    "with callbacks": {
      from: "@hother/cancelable",
      ours: true,
      setup: (lib) => lib,
      run: async (n, lib) => {
        called = 0;
        await operations(n, lib, (op) => op.onStart(callback).onProgress(callback).onComplete(callback));
        if (called !== 3 * n) throw new Error(`expected ${3 * n} calls, got ${called}`);
      },
    },
    "without callbacks": {
      from: "@hother/cancelable",
      ours: true,
      setup: (lib) => lib,
      run: (n, lib) => operations(n, lib, (op) => op),
    },
  },
  targets: [{ subject: "with callbacks", against: "without callbacks", atMost: 2 }],
  covers: ["PAR-PRF-03"],
};
