import { Cancellable, isCancellation, type OperationObserver, report, type Span } from "@hother/cancelable";
import {
  invalidType,
  type KnownOptions,
  requireFunction,
  requireKnownOptions,
  toInterval,
} from "@hother/cancelable/extending";
import type { JobHelpers } from "graphile-worker";
import { type Connected, JobRows } from "./job-rows.ts";

export { type CancelJobAnswer, type CancelJobOptions, cancelJob } from "./cancel-job.ts";
export type { Connected } from "./job-rows.ts";

/** The options of {@link cancellableTask}. */
export interface CancellableTaskOptions {
  /** How often a running job looks whether it was cancelled: one query for each job each time. Default: 1 s. */
  readonly interval?: Span | undefined;
  /** The schema of graphile-worker. Default: `graphile_worker`. */
  readonly schema?: string | undefined;
  /** Whether a registry contains the operations: `true` for that of the process, or a registry. Default: false. */
  readonly register?: boolean | OperationObserver | undefined;
}

const known: KnownOptions<CancellableTaskOptions> = { interval: 1, schema: 1, register: 1 };

/**
 * Wraps a task of graphile-worker. Each run of a job is an operation: {@link cancelJob} in any process reaches it, and the shutdown
 * of the worker ends it with the reason `shutdown`, after `gracefulShutdownAbortTimeout`.
 *
 * @param task Runs in the scope of the operation. `helpers.abortSignal` is the signal of the operation.
 * @typeParam Payload What the task expects; it is not checked.
 * @returns A task for the list of tasks.
 * @throws TypeError or RangeError for a wrong argument.
 * @example
 * ```ts
 * import { sleep } from "@hother/cancelable";
 * import { cancellableTask } from "@hother/cancelable-integrations/graphile-worker";
 *
 * const taskList = { mail: cancellableTask(async () => sleep(1_000)) };
 * console.assert(typeof taskList.mail === "function");
 * ```
 */
export function cancellableTask<Payload = unknown>(
  task: (payload: Payload, helpers: JobHelpers) => unknown,
  options?: CancellableTaskOptions,
): (payload: unknown, helpers: JobHelpers) => Promise<Promise<unknown>[] | undefined> {
  requireFunction(task, "task");
  requireKnownOptions(options, known, "cancellableTask");
  const { interval = 1_000, schema, register } = options ?? {};
  const ms = toInterval(interval, "options.interval");
  if (register !== undefined && typeof register !== "boolean" && typeof register?.started !== "function")
    throw invalidType("options.register", "true, false or a registry", register);
  const rows = new JobRows(schema);
  return async (payload, helpers) => {
    const { job, abortSignal } = helpers;
    const operation = new Cancellable({
      name: job.task_identifier,
      parent: null,
      register,
      metadata: { jobId: job.id, attempt: job.attempts },
    });
    const stop = (): void => void operation.cancel("shutdown", "the worker is shutting down");
    if (abortSignal.aborted) stop();
    abortSignal.addEventListener("abort", stop, { once: true });
    const unwatch = watch(rows, helpers, operation, ms);
    const own = Object.defineProperty({ ...helpers }, "abortSignal", { value: operation.signal });
    const outcome = await operation
      .settle(async () => task(payload as Payload, own))
      .finally(() => {
        unwatch();
        abortSignal.removeEventListener("abort", stop);
      });
    // graphile-worker reads the results of a batch of payloads.
    if (outcome.status === "completed") return outcome.value as Promise<unknown>[] | undefined;
    await settle(rows, helpers, operation).catch((error: unknown) =>
      report(error, `the end of the cancelled job ${job.id}`),
    );
    throw outcome.error;
  };
}

/** Sees to it that a job that was cancelled is not retried, and that an interrupted one keeps its attempt. */
async function settle(rows: JobRows, helpers: JobHelpers, { error }: Cancellable): Promise<void> {
  const { id, locked_by } = helpers.job;
  const database = helpers as Connected; // whose clients are those of pg
  if (error === undefined || isCancellation(error, { reason: "stalled" })) return;
  if (isCancellation(error, { reason: "shutdown" })) await rows.giveBack(database, id, locked_by);
  else await rows.cancel(database, id, error.message);
}

/** Looks at the row of a job again and again. @returns A function that ends this. */
function watch(rows: JobRows, helpers: JobHelpers, operation: Cancellable, interval: number): () => void {
  const { id, locked_by } = helpers.job;
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  const look = async (): Promise<void> => {
    try {
      const row = await rows.read(helpers as Connected, id); // as above
      if (isOver) return;
      if (row?.isCancelled) operation.cancel("manual", row.message ?? undefined);
      else if (row?.lockedBy !== locked_by)
        operation.cancel("stalled", `job ${id} is not with this worker any more`);
    } catch (error) {
      if (!isOver) report(error, `the state of job ${id}`);
    }
    if (!isOver && !operation.isCancelled) plan();
  };
  const plan = (): void => {
    timer = setTimeout(() => void look(), interval);
  };
  plan();
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}
