import { behindGate } from "../growing.mjs";

/** @import { Case } from "../types.mjs" */

/** @type {Case} */
export default {
  name: "growth-join",
  about:
    "Starts n async functions that wait for one promise, lets the event loop turn once, resolves it and waits for all of them: the time of that whole life per child, and what one child holds while it waits.",
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
      note: "Owns nothing: no child can be cancelled, a failure leaves the others running, and no child has a place of its own that a checkpoint could look at.",
      run: behindGate((n, task) => Promise.all(Array.from({ length: n }, task))),
    },
    "p-queue": {
      from: "p-queue",
      note: "No cancellation of what runs.",
      setup: ({ default: PQueue }) => PQueue,
      run: behindGate((n, task, PQueue) => new PQueue().addAll(Array.from({ length: n }, () => task))),
    },
    "abort-controller-x": {
      from: "abort-controller-x",
      note: "Its children see their cancellation only where they hand on the signal that each is given: no async context per child, no status, and they start inside of `fork`.",
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
      note: "Its fibers carry their own context: what a child calls outside of Effect is in no scope, so there is no async context per child to make.",
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
