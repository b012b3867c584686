import { type Span, sleep } from "@hother/cancelable";
import {
  invalidType,
  type KnownOptions,
  requireKnownOptions,
  requireText,
  toInterval,
} from "@hother/cancelable/extending";
import { type Connected, JobRows } from "./job-rows.ts";

/** The options of {@link cancelJob}. */
export interface CancelJobOptions {
  /** The message of the cancellation, and the `last_error` of the job. Default: "the job has been cancelled". */
  readonly message?: string | undefined;
  /** How long to wait for the end of a running job. Default: 10 s. */
  readonly timeout?: Span | undefined;
  /** The schema of graphile-worker. Default: `graphile_worker`. */
  readonly schema?: string | undefined;
}

const known: KnownOptions<CancelJobOptions> = { message: 1, timeout: 1, schema: 1 };

/**
 * The end of a job that was to be cancelled.
 * - `ended`: its body has ended, because of the cancellation (`cancelled`), or well in spite of it (`completed`).
 * - `not-started`: the job waited. It is marked as failed, and does not start any more.
 * - `failed`: it had failed for good before.
 * - `missing`: there is no such job, for example because it has completed.
 * - `unanswered`: its body has not ended in time. The request stays with the job.
 */
export type CancelJobAnswer =
  | { readonly status: "ended"; readonly end: "cancelled" | "completed" }
  | { readonly status: "not-started" | "failed" | "missing" | "unanswered" };

/** The pause between two looks at a job, in ms. */
const pause = 100;

/**
 * Cancels a job, in whatever process it runs, and waits until its body has ended. It is not retried. The task must be wrapped by
 * `cancellableTask`. The wait follows the ambient scope; the request stays when it is cut off.
 *
 * @param utils The result of `makeWorkerUtils`, or the helpers of a task.
 * @throws TypeError or RangeError for a wrong argument, and the errors of the database.
 */
export async function cancelJob(
  utils: Connected,
  jobId: string,
  options?: CancelJobOptions,
): Promise<CancelJobAnswer> {
  if (typeof utils?.withPgClient !== "function") throw invalidType("utils", "a WorkerUtils", utils);
  if (typeof jobId !== "string" || !/^\d+$/.test(jobId)) throw invalidType("jobId", "the id of a job", jobId);
  requireKnownOptions(options, known, "cancelJob");
  const { message = "the job has been cancelled", timeout = 10_000, schema } = options ?? {};
  requireText(message, "options.message");
  const until = performance.now() + toInterval(timeout, "options.timeout");
  const rows = new JobRows(schema);
  const state = await rows.cancel(utils, jobId, message);
  if (state === "waiting") return { status: "not-started" };
  if (state !== "running") return { status: state };
  while (performance.now() < until) {
    const row = await rows.read(utils, jobId);
    if (row === undefined) return { status: "ended", end: "completed" };
    if (row.lockedBy === null) return { status: "ended", end: "cancelled" };
    await sleep(pause);
  }
  return { status: "unanswered" };
}
