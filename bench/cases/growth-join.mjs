import { behindGate } from "../growing.mjs";

/** @import { Case } from "../types.mjs" */

/** @type {Case} */
export default {
  name: "growth-join",
  about:
    "Starts n async functions that wait for one promise, waits one turn of the event loop, resolves the promise and waits for all functions. Figures are the time of this whole life per child, and the bytes that one waiting child holds.",
  per: "child",
  kind: "growth",
  sizes: [10, 100, 1000, 10_000, 100_000],
  baseline: "Promise.all",
  subjects: {
    taskGroup: {
      from: "@hother/cancelable",
      ours: true,
      setup: (lib) => lib,
      run: behindGate((n, task, { run, taskGroup }) =>
        run(() =>
          taskGroup((/** @type {any} */ group) => {
            for (let i = 0; i < n; i += 1) group.startSoon(task);
          }),
        ),
      ),
    },
    "Promise.all": {
      note: "Owns no children: a child cannot be cancelled, a failure leaves the other children running, and no child has a scope for a checkpoint.",
      run: behindGate((n, task) => Promise.all(Array.from({ length: n }, task))),
    },
    "p-queue": {
      from: "p-queue",
      note: "Cannot cancel running tasks.",
      setup: ({ default: PQueue }) => PQueue,
      run: behindGate((n, task, PQueue) => new PQueue().addAll(Array.from({ length: n }, () => task))),
    },
    "abort-controller-x": {
      from: "abort-controller-x",
      note: "A child observes its cancellation only where it passes on its signal. A child has no async context and no status, and starts inside `fork`.",
      setup: (lib) => lib,
      run: behindGate((n, task, { spawn }) =>
        spawn(new AbortController().signal, async (_signal, { fork }) => {
          const tasks = Array.from({ length: n }, () => fork(task));
          for (const one of tasks) await one.join();
        }),
      ),
    },
    "Effect.forEach": {
      from: "effect",
      note: "Fibers carry their own context. Code outside Effect that a child calls has no scope, so no async context per child is created.",
      setup: (lib) => lib,
      run: behindGate((n, task, { Effect }) =>
        Effect.runPromise(
          Effect.forEach(Array.from({ length: n }), () => Effect.promise(task), {
            concurrency: "unbounded",
            discard: true,
          }),
        ),
      ),
    },
    Effection: {
      from: "effection",
      setup: (lib) => lib,
      run: behindGate((n, task, { run, spawn, until }) =>
        run(function* () {
          const tasks = [];
          for (let i = 0; i < n; i += 1) tasks.push(yield* spawn(() => until(task())));
          for (const one of tasks) yield* one;
        }),
      ),
    },
  },
  targets: [{ subject: "taskGroup", atMostGrowth: 3, from: 1000 }],
  covers: ["PAR-PRF-05"],
};
