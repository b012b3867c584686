/** Subjects that run `n` tasks, ten at a time. */

/** @import { Subject } from "./types.mjs" */

export const limit = 10;

/**
 * Starts `n` tasks and resolves when all have ended.
 *
 * @typedef {(n: number, task: () => Promise<number>, state: any) => PromiseLike<unknown>} All
 */

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
      note: "Cannot be cancelled. After a failure the other workers go on without an owner. No worker checks for a cancellation before its next task.",
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
      note: "Cannot cancel running tasks. After a failure the other tasks go on.",
      setup: ({ default: pLimit }) => pLimit,
      run: asSubject((n, task, pLimit) => pLimit(limit).map(numbers(n), task)),
    },
    "p-queue": {
      from: "p-queue",
      note: "Also has priorities and events, and keeps the async context of each `add`. After a failure the other tasks go on.",
      setup: ({ default: PQueue }) => PQueue,
      run: asSubject((n, task, PQueue) =>
        new PQueue({ concurrency: limit }).addAll(Array.from({ length: n }, () => task)),
      ),
    },
    "async-sema": {
      from: "async-sema",
      note: "Permits only. A waiting task cannot be cancelled. After a failure the other tasks go on.",
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
      note: "Passes a signal to the tasks, but checks it only when a task starts. After a failure the other tasks go on. The queue is an array from whose front items are removed.",
      setup: (lib) => lib,
      run: asSubject((n, task, { bulkhead }) => {
        const policy = bulkhead(limit, Number.POSITIVE_INFINITY);
        return Promise.all(Array.from({ length: n }, () => policy.execute(task)));
      }),
    },
    "Effect.forEach": {
      from: "effect",
      note: "Fibers instead of async contexts. The first failure interrupts the other fibers and does not wait for running promises.",
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
