/** @import { Case } from "../types.mjs" */

const operations = 1_000;

/** @param {any} lib */
function fill({ Cancellable, OperationRegistry }) {
  const register = new OperationRegistry();
  const running = Array.from({ length: operations }, (_, i) =>
    new Cancellable({ name: `work ${i % 10}`, register }).start(),
  );
  return { register, running, ids: running.map(({ id }) => id) };
}

const end = async (/** @type {ReturnType<typeof fill>} */ { running }) => {
  for (const op of running) await op[Symbol.asyncDispose]();
};

/** @type {Case} */
export default {
  name: "registry-questions",
  about:
    "Queries to a registry while 1,000 operations run: one operation by its id, all operations, and all operations with one name.",
  per: "query",
  baseline: "Map.get",
  subjects: {
    get: {
      from: "@hother/cancelable",
      ours: true,
      setup: fill,
      teardown: end,
      run: (n, { register, ids }) => {
        for (let i = 0; i < n; i += 1) {
          if (register.get(ids[i % operations]) === undefined) throw new Error("an operation is missing");
        }
      },
    },
    list: {
      from: "@hother/cancelable",
      ours: true,
      setup: fill,
      teardown: end,
      run: (n, { register }) => {
        for (let i = 0; i < n; i += 1) {
          if (register.list().length !== operations) throw new Error("operations are missing");
        }
      },
    },
    "list, filtered": {
      from: "@hother/cancelable",
      ours: true,
      setup: fill,
      teardown: end,
      run: (n, { register }) => {
        for (let i = 0; i < n; i += 1) {
          if (register.list({ name: "work 3" }).length !== operations / 10)
            throw new Error("operations are missing");
        }
      },
    },
    "Map.get": {
      note: "Only the lookup. No index has to be kept up to date.",
      setup: () => new Map(Array.from({ length: operations }, (_, i) => [`id ${i}`, { i }])),
      run: (n, map) => {
        for (let i = 0; i < n; i += 1) {
          if (map.get(`id ${i % operations}`) === undefined) throw new Error("an operation is missing");
        }
      },
    },
  },
  targets: [
    { subject: "get", against: "Map.get", atMostNs: 1_000_000 },
    { subject: "list", against: "Map.get", atMostNs: 100_000_000 },
  ],
  covers: ["PAR-PRF-08"],
};
