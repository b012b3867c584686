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
      note: "Fibers carry their own context. Code outside Effect that a child calls has no scope, so no async context per child is created.",
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
      note: "A child observes its cancellation only where it passes on its signal. A child has no async context and no status, and starts inside `fork`.",
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
      note: "A queue without a limit. It cannot cancel running tasks, and a failure leaves the other tasks running.",
      setup: ({ default: PQueue }) => PQueue,
      run: async (n, PQueue) => {
        const all = Array.from({ length: children }, () => child);
        for (let i = 0; i < n; i += 1) await new PQueue().addAll(all);
      },
    },
    "Promise.all": {
      note: "Owns no children: a child cannot be cancelled, a failure leaves the other children running, and no child has a scope for a checkpoint.",
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
