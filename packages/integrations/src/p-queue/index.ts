import { bind } from "@hother/cancelable";
import { invalidType, requireFunction, requireOptions } from "@hother/cancelable/extending";
import { requestSignal } from "../http/request-signal.ts";

/** The used members of a queue. */
export interface QueueLike<Options> {
  add(
    job: () => Promise<unknown>,
    options?: Partial<Options> & { readonly signal?: AbortSignal },
  ): Promise<unknown>;
}

/**
 * Adds a job to a `PQueue`. The job runs in the scope and the async context of this call, and not in those of the job before.
 * While the job waits for its place, a cancellation takes it out of the queue, and the promise rejects with the error of the
 * scope. A running job keeps its place until it has ended, also after a cancellation: with p-queue's own `signal` the next job
 * would start while the clean-up of this one runs.
 *
 * @param options The options of p-queue, such as `priority`, except `signal`: put the call in a scope with this signal.
 * @throws TypeError for a wrong argument.
 * @example
 * ```ts
 * import { failAfter, sleep } from "@hother/cancelable";
 * import { enqueue } from "@hother/cancelable-integrations/p-queue";
 * import PQueue from "p-queue";
 *
 * const queue = new PQueue({ concurrency: 1 });
 * const first = enqueue(queue, () => sleep(50));
 * const error = await failAfter(10, () => enqueue(queue, () => sleep(50))).catch((reason: unknown) => reason);
 * console.assert(error instanceof Error && error.name === "TimeoutError");
 * console.assert(queue.size === 0); // the second job has left the queue
 * await first;
 * ```
 */
export function enqueue<T, Options extends object>(
  queue: QueueLike<Options>,
  job: () => T | PromiseLike<T>,
  options?: Omit<Partial<Options>, "signal">,
): Promise<T> {
  if (typeof queue?.add !== "function") throw invalidType("queue", "a PQueue", queue);
  requireFunction(job, "job");
  requireOptions(options);
  const { signal: own } = (options ?? {}) as { readonly signal?: unknown };
  if (own !== undefined)
    throw invalidType("options.signal", "left out: put the call in a scope with this signal", own);
  return new Promise<T>((resolve, reject) => {
    const link = requestSignal(undefined, "a job in a queue");
    const { signal } = link;
    const unlink = (): void => link[Symbol.dispose]();
    // The queue rejects too, but not any more after its `clear()`.
    const leave = (): void => reject(signal.reason);
    if (signal.aborted) return leave();
    signal.addEventListener("abort", leave, { once: true });
    const run = bind(async () => {
      unlink();
      return job();
    });
    // The options are those of the queue.
    const added = queue.add(run, { ...options, signal } as Partial<Options> & {
      readonly signal: AbortSignal;
    });
    (added as Promise<T>).then(resolve, reject).finally(unlink); // the value of `job`
  });
}
