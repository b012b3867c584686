/** Ways to run `n` tasks, ten at a time: what each of them starts, as a promise of the end. */

/** @import { Subject } from "./types.mjs" */

export const limit = 10;

/** @typedef {(n: number, task: () => Promise<number>, state: any) => PromiseLike<unknown>} All */

/**
 * @param {(all: All) => Subject["run"]} asSubject
 * @returns {Record<string, Subject>}
 */
export function limited(asSubject) {
  return {
    map: {
      from: "@hother/cancelable",
      ours: true,
      setup: (lib) => lib,
      run: asSubject((n, task, { map }) => map(numbers(n), task, { concurrency: limit })),
    },
    "taskGroup and Semaphore": {
      from: "@hother/cancelable",
      ours: true,
      setup: (lib) => lib,
      run: asSubject((n, task, { taskGroup, Semaphore }) => {
        const semaphore = new Semaphore(limit);
        return taskGroup((/** @type {any} */ group) => {
          for (let i = 0; i < n; i += 1) group.startSoon(() => semaphore.run(task));
        });
      }),
    },
    "hand-written workers": {
      note: "Cannot be cancelled, and after a failure the other workers go on unobserved: no group, no scope, nothing to look at before the next task.",
      run: asSubject(async (n, task) => {
        const results = new Array(n);
        let next = 0;
        const worker = async () => {
          while (next < n) {
            const i = next++;
            results[i] = await task();
          }
        };
        await Promise.all(Array.from({ length: limit }, worker));
        return results;
      }),
    },
    "p-limit": {
      from: "p-limit",
      note: "Cannot cancel what runs; after a failure the rest runs on.",
      setup: ({ default: pLimit }) => pLimit,
      run: asSubject((n, task, pLimit) => pLimit(limit).map(numbers(n), task)),
    },
    "p-queue": {
      from: "p-queue",
      note: "Besides, it has priorities and events, and keeps the async context of each `add`; after a failure the rest runs on.",
      setup: ({ default: PQueue }) => PQueue,
      run: asSubject((n, task, PQueue) =>
        new PQueue({ concurrency: limit }).addAll(Array.from({ length: n }, () => task)),
      ),
    },
    "async-sema": {
      from: "async-sema",
      note: "Permits by hand: no cancellation of who waits, and after a failure the rest runs on.",
      setup: ({ Sema }) => Sema,
      run: asSubject((n, task, Sema) => {
        const sema = new Sema(limit);
        const one = async () => {
          await sema.acquire();
          try {
            return await task();
          } finally {
            sema.release();
          }
        };
        return Promise.all(Array.from({ length: n }, one));
      }),
    },
    "cockatiel bulkhead": {
      from: "cockatiel",
      note: "Hands a signal on, which it looks at itself only when a task's turn comes; after a failure the rest runs on. Its queue is an array that is shifted.",
      setup: (lib) => lib,
      run: asSubject((n, task, { bulkhead }) => {
        const policy = bulkhead(limit, Number.POSITIVE_INFINITY);
        return Promise.all(Array.from({ length: n }, () => policy.execute(task)));
      }),
    },
    "Effect.forEach": {
      from: "effect",
      note: "Fibers in place of async contexts; the first failure interrupts the others without waiting for the end of a promise that runs.",
      setup: (lib) => lib,
      run: asSubject((n, task, { Effect }) =>
        Effect.runPromise(Effect.forEach(numbers(n), () => Effect.promise(task), { concurrency: limit })),
      ),
    },
  };
}

/** @param {number} n */
function numbers(n) {
  return Array.from({ length: n }, (_, i) => i);
}
