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
    "What a registry answers while 1,000 operations run: one by its id, all of them, and those of one name.",
  per: "question",
  baseline: "Map.get",
  subjects: {
    get: {
      from: "@hother/cancelable",
      ours: true,
      setup: fill,
      teardown: end,
      run: (n, { register, ids }) => {
        for (let i = 0; i < n; i += 1) {
          if (register.get(ids[i % operations]) === undefined) throw new Error("it was not found");
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
          if (register.list().length !== operations) throw new Error("some are missing");
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
            throw new Error("some are missing");
        }
      },
    },
    "Map.get": {
      note: "Only looks it up: there is nothing to keep up to date.",
      setup: () => new Map(Array.from({ length: operations }, (_, i) => [`id ${i}`, { i }])),
      run: (n, map) => {
        for (let i = 0; i < n; i += 1) {
          if (map.get(`id ${i % operations}`) === undefined) throw new Error("it was not found");
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
