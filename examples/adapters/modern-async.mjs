import { CapacityLimiter, Deferred, mapStream, select } from "@hother/cancelable";

export class CancelledError extends Error {
  name = "CancelledError";
}

export class Queue {
  #limiter = new CapacityLimiter(0);
  constructor(concurrency) {
    if (!(Number.isInteger(concurrency) || concurrency === Infinity) || concurrency <= 0)
      throw new Error("concurrency must be an integer or positive infinity, greater than 0");
    this.concurrency = concurrency;
  }
  get running() {
    return this.#limiter.borrowed;
  }
  get pending() {
    return this.#limiter.waiting;
  }
  async exec(fn, priority) {
    return this.execCancellable(fn, priority)[0];
  }
  execCancellable(fn, priority = 0) {
    if (typeof fn !== "function") throw new Error("fct must be a function");
    const start = new Deferred(); // rejects when the call is cancelled
    const call = async () => {
      const { value: lease } = await select({ lease: this.#limiter.acquiring({ priority }), start });
      start.resolve();
      try {
        await start.promise;
        return await fn();
      } finally {
        lease.release();
      }
    };
    this.#limiter.total = 0; // no call starts before the end of this turn, so that the highest priority is first
    queueMicrotask(() => {
      this.#limiter.total = this.concurrency;
    });
    return [call(), () => start.reject(new CancelledError())];
  }
  cancelAllPending() {
    const count = this.pending;
    this.#limiter.rejectWaiters(new CancelledError());
    return count;
  }
}

export function asyncGeneratorMap(iterable, iteratee, queueOrConcurrency = 1, ordered = true) {
  const queue = typeof queueOrConcurrency === "number" ? new Queue(queueOrConcurrency) : queueOrConcurrency;
  const call = (value, index) => queue.exec(() => iteratee(value, index, iterable));
  return mapStream(iterable, call, { concurrency: queue.concurrency, ordered });
}
