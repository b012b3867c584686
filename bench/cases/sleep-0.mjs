/** @import { Case } from "../types.mjs" */

/** @type {Case} */
export default {
  name: "sleep-0",
  about: "Sleeps of 0 ms, in a loop.",
  per: "sleep",
  baseline: "setImmediate",
  subjects: {
    "sleep(0)": {
      from: "@hother/cancelable",
      ours: true,
      setup: (lib) => lib,
      run: (n, { run, sleep }) =>
        run(async () => {
          for (let i = 0; i < n; i += 1) await sleep(0);
        }),
    },
    setImmediate: {
      note: "Cannot be cancelled and does not check a scope.",
      run: async (n) => {
        for (let i = 0; i < n; i += 1) await new Promise((resolve) => setImmediate(resolve));
      },
    },
    "setTimeout 0": {
      run: async (n) => {
        for (let i = 0; i < n; i += 1) await new Promise((resolve) => setTimeout(resolve, 0));
      },
    },
    "Effect.sleep(0)": {
      from: "effect",
      note: "Suspends a fiber without a promise for each sleep.",
      setup: (lib) => lib,
      run: (n, { Effect }) =>
        Effect.runPromise(
          Effect.gen(function* () {
            for (let i = 0; i < n; i += 1) yield* Effect.sleep(0);
          }),
        ),
    },
  },
};
