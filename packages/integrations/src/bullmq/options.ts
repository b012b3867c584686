import type { OperationObserver, Span } from "@hother/cancelable";
import {
  invalidType,
  type KnownOptions,
  requireFunction,
  requireKnownOptions,
  toInterval,
  toMilliseconds,
} from "@hother/cancelable/extending";
import type { Job } from "bullmq";

/** The options of the jobs of a worker. */
export interface CancellableJobOptions {
  /**
   * The time that an attempt may take. An attempt that takes longer is cancelled with the reason `timeout`, and the job is not
   * retried. Default: no limit.
   */
  readonly timeout?: Span | undefined;
  /**
   * How long running jobs may go on after `worker.close()`. Then they are cancelled with the reason `shutdown`, and wait in the
   * queue again; their attempts are not used up. `null`: no bound. Default: 10 s.
   */
  readonly drain?: Span | undefined;
  /** Further metadata of the operation. Default: none. */
  readonly metadata?: ((job: Job) => Record<string, unknown>) | undefined;
  /** Whether a registry contains the operations: `true` for that of the process, or a registry. Default: false. */
  readonly register?: boolean | OperationObserver | undefined;
}

const known: KnownOptions<CancellableJobOptions> = { timeout: 1, drain: 1, metadata: 1, register: 1 };

/** The names of the options in {@link CancellableJobOptions}. */
export const jobOptionNames = Object.keys(known) as (keyof CancellableJobOptions)[];

/** The options, checked. Spans are in ms. */
export interface JobPlan {
  readonly timeout: number;
  readonly drain: number;
  readonly metadata: CancellableJobOptions["metadata"];
  readonly register: CancellableJobOptions["register"];
}

export function toJobPlan(options: CancellableJobOptions | undefined, of: string): JobPlan {
  requireKnownOptions(options, known, of);
  const { timeout = null, drain = 10_000, metadata, register } = options ?? {};
  if (metadata !== undefined) requireFunction(metadata, "options.metadata");
  if (register !== undefined && typeof register !== "boolean" && typeof register?.started !== "function")
    throw invalidType("options.register", "true, false or a registry", register);
  return {
    timeout: timeout === null ? Number.POSITIVE_INFINITY : toInterval(timeout, "options.timeout"),
    drain: toMilliseconds(drain, "options.drain"),
    metadata,
    register,
  };
}
