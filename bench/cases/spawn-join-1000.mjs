/** @import { Case } from "../types.mjs" */

const children = 1000;
const child = async () => 1;

/** @type {Case} */
export default {
  name: "spawn-join-1000",
  about: "Starts 1,000 async functions that return at once and waits for all of them.",
  per: "child",
  scale: children,
  baseline: "Promise.all",
  subjects: {
    taskGroup: {
      from: "@hother/cancelable",
      ours: true,
      setup: (lib) => lib,
      run: (n, { run, taskGroup }) =>
        run(async () => {
          for (let i = 0; i < n; i += 1) {
            await taskGroup((/** @type {any} */ group) => {
              for (let j = 0; j < children; j += 1) group.startSoon(child);
            });
          }
        }),
    },
    "Effect.all": {
      from: "effect",
      setup: (lib) => lib,
      run: (n, { Effect }) =>
        Effect.runPromise(
          Effect.gen(function* () {
            for (let i = 0; i < n; i += 1) {
              const effects = [];
              for (let j = 0; j < children; j += 1) effects.push(Effect.promise(child));
              yield* Effect.all(effects, { concurrency: "unbounded" });
            }
          }),
        ),
    },
    Effection: {
      from: "effection",
      setup: (lib) => lib,
      run: (n, { run, spawn, until, scoped }) =>
        run(function* () {
          for (let i = 0; i < n; i += 1) {
            yield* scoped(function* () {
              const tasks = [];
              for (let j = 0; j < children; j += 1) tasks.push(yield* spawn(() => until(child())));
              for (const task of tasks) yield* task;
            });
          }
        }),
    },
    "Promise.all": {
      run: async (n) => {
        for (let i = 0; i < n; i += 1) {
          const pending = [];
          for (let j = 0; j < children; j += 1) pending.push(child());
          await Promise.all(pending);
        }
      },
    },
  },
  targets: [{ subject: "taskGroup", against: "Effect.all", atMost: 0.4 }],
};
