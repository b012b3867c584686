import { currentDeadline, getBackend, type Span } from "@hother/cancelable";
import { invalidType, toInterval } from "@hother/cancelable/extending";
import type { Job } from "bullmq";

/** The limits that travel with a job. */
export interface JobLimits {
  /** The time that each attempt may take. Default: that of the worker. */
  readonly timeout?: Span | undefined;
  /**
   * The time after which the job is not started, and a running attempt is cancelled: a `Date`, epoch milliseconds, or `"scope"`
   * for the deadline of the scope that adds the job. The clocks of the machines must agree. Default: none.
   */
  readonly deadline?: Date | number | "scope" | undefined;
}

/** The limits as they are written with the options of a job. */
interface WrittenLimits {
  readonly timeout?: number;
  readonly deadline?: number;
}

/** The option of a job that has its limits. BullMQ keeps options that it does not know. */
const optionName = "cancelable";

export function writeLimits({ timeout, deadline }: JobLimits): { readonly [optionName]?: WrittenLimits } {
  const epoch = deadline === undefined ? undefined : toEpoch(deadline);
  if (timeout === undefined && epoch === undefined) return {};
  return {
    [optionName]: {
      ...(timeout !== undefined && timeout !== null && { timeout: toInterval(timeout, "options.timeout") }),
      ...(epoch !== undefined && { deadline: epoch }),
    },
  };
}

export function readLimits(job: Job): WrittenLimits {
  return (job.opts as { readonly [optionName]?: WrittenLimits })[optionName] ?? {}; // written above
}

function toEpoch(deadline: Date | number | "scope"): number | undefined {
  if (deadline !== "scope") {
    const epoch = deadline instanceof Date ? deadline.getTime() : deadline;
    if (typeof epoch !== "number" || !Number.isFinite(epoch))
      throw invalidType("options.deadline", 'a valid Date, epoch milliseconds, or "scope"', deadline);
    return epoch;
  }
  const left = currentDeadline() - getBackend().now();
  return left === Number.POSITIVE_INFINITY ? undefined : Math.floor(Date.now() + left);
}
