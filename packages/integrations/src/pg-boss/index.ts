import { invalidType, requireFunction } from "@hother/cancelable/extending";
import type { Job, JobWithMetadata, PgBoss } from "pg-boss";
import { type CancellableWorkOptions, toWorkPlan } from "./options.ts";
import { RunningJob } from "./running-job.ts";
import { WatchedJobs } from "./watched-jobs.ts";

export type { CancellableJobOptions, CancellableWorkOptions } from "./options.ts";

/**
 * Registers a handler for the jobs of a queue of pg-boss. Each job is an operation: `boss.cancel` in any process reaches it, its
 * deadline is the expiry of the job, and `boss.stop({ timeout })` ends it with the reason `shutdown`.
 *
 * The state of each running job is read from the database at an interval, because pg-boss tells a worker nothing of a cancellation.
 *
 * @param options Those of `boss.work`, and those of the jobs. Not `perJobResults` and `transactional`: each job of a batch is
 * settled alone.
 * @param handler Is called for each job, in the scope of its operation. `job.signal` is that of the operation.
 * @returns The id of the worker, for `boss.offWork`.
 * @throws TypeError or RangeError for a wrong argument, and the errors of `boss.work`.
 * @example
 * ```ts
 * import { sleep } from "@hother/cancelable";
 * import { cancellableWork } from "@hother/cancelable-integrations/pg-boss";
 * import type { PgBoss } from "pg-boss";
 *
 * const start = (boss: PgBoss) =>
 *   cancellableWork(boss, "mails", { interval: { seconds: 2 } }, async (job) => {
 *     await sleep(1_000); // a checkpoint
 *     return job.id;
 *   });
 * console.assert(start.length === 1);
 * ```
 */
export function cancellableWork<Data = unknown, Result = unknown>(
  boss: PgBoss,
  queue: string,
  options: CancellableWorkOptions & { readonly includeMetadata: true },
  handler: (job: JobWithMetadata<Data>) => Promise<Result>,
): Promise<string>;
export function cancellableWork<Data = unknown, Result = unknown>(
  boss: PgBoss,
  queue: string,
  options: CancellableWorkOptions,
  handler: (job: Job<Data>) => Promise<Result>,
): Promise<string>;
export async function cancellableWork(
  boss: PgBoss,
  queue: string,
  options: CancellableWorkOptions,
  handler: (job: JobWithMetadata<never>) => Promise<unknown>,
): Promise<string> {
  if (typeof boss?.work !== "function" || typeof boss.getJobById !== "function")
    throw invalidType("boss", "a PgBoss", boss);
  if (typeof queue !== "string" || queue === "") throw invalidType("queue", "the name of a queue", queue);
  const plan = toWorkPlan(options);
  requireFunction(handler, "handler");
  const watched = new WatchedJobs(plan.interval);
  const runOne = async (job: Job<never>) => {
    const run = new RunningJob(boss, queue, job, plan);
    watched.add(run);
    try {
      return await run.run((own) => handler(own as JobWithMetadata<never>)); // with the metadata if they are asked for
    } finally {
      watched.remove(run);
    }
  };
  return boss.work(queue, { ...plan.work, perJobResults: true }, (jobs: Job<never>[]) =>
    Promise.all(jobs.map(runOne)),
  );
}
