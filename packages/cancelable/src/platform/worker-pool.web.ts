/** The number of this thread: the one of its pool, or 0 for another thread. */
export const threadId: number = Number(
  // Workers have a name; the types are those of a window.
  /^cancelable-(\d+)$/.exec((globalThis as { readonly name?: string }).name ?? "")?.[1] ?? 0,
);

let lastNumber = 0;

/** A task that has not ended. */
interface Job {
  readonly task: unknown;
  readonly transfer: readonly unknown[];
  readonly signal: AbortSignal;
  resolve(value: undefined): void;
  reject(error: unknown): void;
}

/** A pool of Web Workers, which run the module threads/web-worker. A worker is started when a task finds none free. */
export class WorkerPool {
  readonly #maxThreads: number;
  readonly #idle: Worker[] = [];
  readonly #waiting: Job[] = [];
  #count = 0;

  constructor(maxThreads: number) {
    this.#maxThreads = maxThreads;
  }

  run(
    task: unknown,
    { transferList, signal }: { readonly transferList: readonly unknown[]; readonly signal: AbortSignal },
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ task, transfer: transferList, signal, resolve, reject });
      this.#next();
    });
  }

  /** Ends the workers. The caller has waited for the tasks. */
  async close(): Promise<void> {
    for (const worker of this.#idle) worker.terminate();
    this.#count -= this.#idle.length;
    this.#idle.length = 0;
  }

  #next(): void {
    if (this.#waiting.length === 0) return;
    const worker = this.#idle.pop() ?? this.#start();
    if (worker === undefined) return;
    this.#give(worker, this.#waiting.shift() as Job); // there is one
  }

  #start(): Worker | undefined {
    if (this.#count >= this.#maxThreads) return undefined;
    this.#count++;
    // Bundlers know this form of a URL.
    return new Worker(new URL("../threads/web-worker.js", import.meta.url), {
      type: "module",
      name: `cancelable-${++lastNumber}`,
    });
  }

  #give(worker: Worker, job: Job): void {
    const settle = (): void => {
      worker.onmessage = null;
      worker.onerror = null;
      job.signal.removeEventListener("abort", end);
    };
    const lose = (error: unknown): void => {
      settle();
      worker.terminate();
      this.#count--;
      job.reject(error);
      this.#next();
    };
    const end = (): void => lose(job.signal.reason);
    worker.onmessage = () => {
      settle();
      this.#idle.push(worker);
      job.resolve(undefined);
      this.#next();
    };
    // Errors of the code of a call reach the caller as a message. The script of a worker can fail to load.
    worker.onerror = (event) =>
      lose(
        new Error(
          event.message ||
            "a Web Worker did not load; its script needs the header Cross-Origin-Embedder-Policy, as the page does",
        ),
      );
    job.signal.addEventListener("abort", end, { once: true });
    worker.postMessage(job.task, job.transfer as Transferable[]);
  }
}
