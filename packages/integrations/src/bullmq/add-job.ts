import { currentScope } from "@hother/cancelable";
import { invalidType, requireOptions } from "@hother/cancelable/extending";
import type { Job, JobsOptions, Queue } from "bullmq";
import { type JobLimits, writeLimits } from "./job-limits.ts";

/** The options of {@link addJob}: those of BullMQ, and the limits of the job. */
export interface AddJobOptions extends JobsOptions, JobLimits {}

/**
 * Adds a job with limits that travel with it to the worker. In a cancelled scope nothing is added.
 *
 * @throws TypeError or RangeError for a wrong argument, and the error of a cancelled scope.
 * @example
 * ```ts
 * import { addJob } from "@hother/cancelable-integrations/bullmq";
 * import type { Queue } from "bullmq";
 *
 * const mail = (queue: Queue, to: string) => addJob(queue, "mail", { to }, { timeout: 30_000, deadline: "scope" });
 * console.assert(mail.length === 2);
 * ```
 */
export async function addJob<Data>(
  queue: Queue,
  name: string,
  data: Data,
  options?: AddJobOptions,
): Promise<Job<Data>> {
  if (typeof queue?.add !== "function") throw invalidType("queue", "a Queue of BullMQ", queue);
  requireOptions(options);
  currentScope().check();
  const { timeout, deadline, ...rest } = options ?? {};
  return queue.add(name, data, { ...rest, ...writeLimits({ timeout, deadline }) });
}
