/** @import { Case } from "../types.mjs" */

const levels = 100;

/** @type {Case} */
export default {
  name: "nested-operations",
  about: "100 nested operations around an async function that returns at once.",
  per: "level",
  scale: levels,
  baseline: "async functions",
  subjects: {
    Cancellable: {
      from: "@hother/cancelable",
      ours: true,
      setup: (lib) => lib,
      run: (n, { run, Cancellable }) =>
        run(async () => {
          /** @param {number} level */
          const nest = (level) =>
            level === 0 ? Promise.resolve(1) : new Cancellable().run(() => nest(level - 1));
          for (let i = 0; i < n; i += 1) await nest(levels);
        }),
    },
    moveOnAfter: {
      from: "@hother/cancelable",
      ours: true,
      setup: (lib) => lib,
      run: (n, { run, moveOnAfter }) =>
        run(async () => {
          /** @param {number} level */
          const nest = (level) =>
            level === 0 ? Promise.resolve(1) : moveOnAfter(60_000, () => nest(level - 1));
          for (let i = 0; i < n; i += 1) await nest(levels);
        }),
    },
    "async functions": {
      note: "Only the calls.",
      run: async (n) => {
        /**
         * @param {number} level
         * @returns {Promise<number>}
         */
        const nest = async (level) => (level === 0 ? 1 : nest(level - 1));
        for (let i = 0; i < n; i += 1) await nest(levels);
      },
    },
    "Effect.timeout": {
      from: "effect",
      setup: (lib) => lib,
      run: async (n, { Effect }) => {
        let nested = Effect.promise(async () => 1);
        for (let i = 0; i < levels; i += 1) nested = Effect.timeout(nested, 60_000);
        for (let i = 0; i < n; i += 1) await Effect.runPromise(nested);
      },
    },
  },
  targets: [{ subject: "Cancellable", against: "async functions", atMostNs: 10_000_000 }],
  covers: ["PAR-PRF-06"],
};
