import { isCancellation } from "@hother/cancelable";
import { invalidType, requireFunction } from "@hother/cancelable/extending";
import { type Job, type Processor, Worker, type WorkerOptions } from "bullmq";
import { type CancellableJobOptions, type JobPlan, jobOptionNames, toJobPlan } from "./options.ts";
import { WorkerJobs, type WorkerLike } from "./worker-jobs.ts";

/** The options of {@link cancellableWorker}: those of a `Worker` of BullMQ, and those of its jobs. */
export interface CancellableWorkerOptions extends WorkerOptions, CancellableJobOptions {}

/** A worker whose jobs are operations. It calls functions and files alike. */
class OperationWorker<Data, Result, Name extends string> extends Worker<Data, Result, Name> {
  readonly #jobs: WorkerJobs;
  readonly #isFile: boolean;

  constructor(
    name: string,
    processor: string | URL | Processor<Data, Result, Name>,
    options: WorkerOptions,
    plan: JobPlan,
  ) {
    super(name, processor, options);
    this.#isFile = typeof processor !== "function";
    // Without it, `worker.cancelJob` of BullMQ does not know a processor with fewer than three parameters.
    Object.assign(this, { processorAcceptsSignal: true });
    this.#jobs = new WorkerJobs(this as unknown as WorkerLike, plan); // whose events have other types of jobs
  }

  protected override callProcessJob(
    job: Job<Data, Result, Name>,
    token: string,
    signal?: AbortSignal,
  ): Promise<Result> {
    return this.#jobs.run(job as Job, token, signal, (own) =>
      this.#isFile
        ? callFile(own, (text) => super.callProcessJob(job, token, text))
        : super.callProcessJob(job, token, own),
    );
  }
}

/** A process of its own gets the reason as a text, and rejects with this text. */
async function callFile<T>(own: AbortSignal, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const pass = (): void => controller.abort((own.reason as Error).message); // the error of an operation
  own.addEventListener("abort", pass, { once: true });
  try {
    return await call(controller.signal);
  } catch (error) {
    const { reason } = own;
    // Errors lose their identity on their way.
    const isReason = isCancellation(reason) && error instanceof Error && error.message === reason.message;
    throw isReason || (own.aborted && (error as Partial<Error> | null)?.name === "AbortError")
      ? reason
      : error;
  } finally {
    own.removeEventListener("abort", pass);
  }
}

/**
 * Creates a BullMQ worker whose jobs are operations. {@link cancelJob} reaches them from every process. A job that was cancelled
 * fails and is not retried; a job that `worker.close()` interrupts waits again.
 *
 * @param name The name of the queue.
 * @param processor A function with any parameters, or a file, which then runs in a process or a thread of its own. The function is
 * called in the scope of the operation, and gets the signal of the operation as its third argument.
 * @param options The options of BullMQ, and those of the jobs. The connection must be one of ioredis, or its options.
 * @throws TypeError or RangeError for a wrong argument.
 * @example
 * ```ts
 * import { sleep } from "@hother/cancelable";
 * import { cancellableWorker } from "@hother/cancelable-integrations/bullmq";
 *
 * const start = () =>
 *   cancellableWorker("mails", async (job) => {
 *     await sleep(1_000); // a checkpoint
 *     return job.name;
 *   }, { connection: { host: "127.0.0.1" }, timeout: { minutes: 5 } });
 * console.assert(typeof start === "function");
 * ```
 */
export function cancellableWorker<Data = unknown, Result = unknown, Name extends string = string>(
  name: string,
  processor: string | URL | Processor<Data, Result, Name>,
  options: CancellableWorkerOptions,
): Worker<Data, Result, Name> {
  if (typeof name !== "string" || name === "") throw invalidType("name", "the name of a queue", name);
  if (typeof processor !== "string" && !(processor instanceof URL) && typeof processor !== "function")
    throw invalidType("processor", "a function, or the path or the URL of a file", processor);
  const own: Record<string, unknown> = {};
  const rest: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(options ?? {}))
    ((jobOptionNames as string[]).includes(key) ? own : rest)[key] = value;
  const plan = toJobPlan(own as CancellableJobOptions, "cancellableWorker");
  requireIORedis(rest.connection);
  return new OperationWorker(name, processor, rest as unknown as WorkerOptions, plan); // BullMQ checks its own options
}

/** The subscription to requests needs a client of ioredis. */
function requireIORedis(connection: unknown): void {
  const candidate = (connection ?? {}) as {
    readonly sendCommand?: unknown;
    readonly defineCommand?: unknown;
    readonly send?: unknown;
  };
  const isClient = typeof candidate.sendCommand === "function" || typeof candidate.send === "function";
  if (
    typeof connection !== "object" ||
    connection === null ||
    (isClient && typeof candidate.defineCommand !== "function")
  )
    throw invalidType(
      "options.connection",
      "the options of a connection, or a client of ioredis",
      connection,
    );
}

const jobsOfWorkers = new WeakMap<object, WorkerJobs>();

/**
 * Wraps a processor, for code that creates its worker itself. The jobs of this worker are operations then, as those of
 * {@link cancellableWorker}. The listener for requests starts with the first job.
 *
 * @param processor A function with any parameters. A file cannot be wrapped: use {@link cancellableWorker}.
 * @throws TypeError or RangeError for a wrong argument.
 */
export function cancellableProcessor<Data = unknown, Result = unknown, Name extends string = string>(
  processor: Processor<Data, Result, Name>,
  options?: CancellableJobOptions,
): Processor<Data, Result, Name> {
  requireFunction(processor, "processor");
  const plan = toJobPlan(options, "cancellableProcessor");
  return async (job, token, signal) => {
    const { queue } = job as unknown as { readonly queue: WorkerLike }; // the worker, which BullMQ gives to its jobs
    let jobs = jobsOfWorkers.get(queue);
    if (jobs === undefined) {
      jobs = new WorkerJobs(queue, plan);
      jobsOfWorkers.set(queue, jobs);
    }
    return jobs.run(job as Job, token ?? "", signal, async (own) => processor(job, token, own));
  };
}
