/** @import { Case } from "../types.mjs" */

/** @type {Case} */
export default {
  name: "checkpoint",
  about: "A checkpoint in a scope that is not cancelled, beside the smallest possible await.",
  per: "await",
  baseline: "await undefined",
  subjects: {
    checkpoint: {
      from: "@hother/cancelable",
      ours: true,
      setup: (lib) => lib,
      run: (n, { run, checkpoint }) =>
        run(async () => {
          for (let i = 0; i < n; i += 1) await checkpoint();
        }),
    },
    "await undefined": {
      note: "Does not check a scope, a deadline or the clock.",
      run: async (n) => {
        for (let i = 0; i < n; i += 1) await undefined;
      },
    },
    "await an async function": {
      note: "Does not check a scope, a deadline or the clock.",
      run: async (n) => {
        const nothing = async () => {};
        for (let i = 0; i < n; i += 1) await nothing();
      },
    },
    "Effect.yieldNow": {
      from: "effect",
      setup: (lib) => lib,
      run: (n, { Effect }) =>
        Effect.runPromise(
          Effect.gen(function* () {
            for (let i = 0; i < n; i += 1) yield* Effect.yieldNow;
          }),
        ),
    },
  },
};
