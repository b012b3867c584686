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
      note: "Its fibers carry their own context: what a child calls outside of Effect is in no scope, so there is no async context per child to make.",
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
    "abort-controller-x": {
      from: "abort-controller-x",
      note: "Its children see their cancellation only where they hand on the signal that each is given: no async context per child, no status, and they start inside of `fork`.",
      setup: (lib) => lib,
      run: async (n, { spawn }) => {
        const { signal } = new AbortController();
        for (let i = 0; i < n; i += 1) {
          await spawn(signal, async (/** @type {AbortSignal} */ _signal, /** @type {any} */ { fork }) => {
            const tasks = [];
            for (let j = 0; j < children; j += 1) tasks.push(fork(child));
            for (const task of tasks) await task.join();
          });
        }
      },
    },
    "p-queue": {
      from: "p-queue",
      note: "A queue without a limit: cancels nothing that runs, and a failure leaves the others running.",
      setup: ({ default: PQueue }) => PQueue,
      run: async (n, PQueue) => {
        const all = Array.from({ length: children }, () => child);
        for (let i = 0; i < n; i += 1) await new PQueue().addAll(all);
      },
    },
    "Promise.all": {
      note: "Owns nothing: no child can be cancelled, a failure leaves the others running, and no child has a place of its own that a checkpoint could look at.",
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
