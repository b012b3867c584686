import {
  Cancellable,
  type CancellationError,
  type CancellationReason,
  isCancellation,
  report,
} from "@hother/cancelable";
import { type Job, UnrecoverableError, WaitingError } from "bullmq";
import { readLimits } from "./job-limits.ts";
import { JobProgress } from "./job-progress.ts";
import type { BodyEnd, CancelRequest } from "./messages.ts";
import type { JobPlan } from "./options.ts";

/** The names of errors by which a processor tells BullMQ that it has moved its job. */
const moved = new Set(["DelayedError", "WaitingError", "WaitingChildrenError", "RateLimitError"]);

/** Whether an error says that the job has been moved, or is to be moved. */
const isMove = (error: unknown): boolean =>
  error instanceof Error && (moved.has(error.name) || error.message === "bullmq:rateLimitExceeded");

/** One run of a job. */
export class RunningJob {
  readonly job: Job;
  readonly operation: Cancellable;
  /** The channels for the answers to the requests for the cancellation, by the id of the request. */
  readonly requests: Map<string, string> = new Map();
  /** The value of the lock of the job, as long as the worker has it. */
  readonly token: string;
  #end: BodyEnd = "completed";
  /** Set when the worker has lost the job. */
  #isLost = false;

  constructor(job: Job, token: string, plan: JobPlan) {
    this.job = job;
    this.token = token;
    const { timeout = plan.timeout, deadline } = readLimits(job);
    this.operation = new Cancellable({
      name: job.name,
      parent: null,
      timeout,
      deadline,
      register: plan.register,
      metadata: {
        queue: job.queueName,
        jobId: job.id,
        attempt: job.attemptsMade + 1,
        ...plan.metadata?.(job),
      },
    });
  }

  /** How the body has ended. */
  get end(): BodyEnd {
    return this.#end;
  }

  /** The cancellation that has ended the job for good. */
  get cancellation(): CancellationError | undefined {
    return this.#end === "cancelled" ? this.operation.error : undefined;
  }

  take({ id, reply, reason, message }: CancelRequest): void {
    this.requests.set(id, reply);
    this.operation.cancel(reason, message);
  }

  /** The worker has lost the job, which another one may run. */
  lose(reason: CancellationReason, message: string): void {
    this.#isLost = this.operation.cancel(reason, message) || this.#isLost;
  }

  /** Runs the body. Rejects with the error for BullMQ. @param body Is not called if the job is cancelled already. */
  async run<T>(body: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { operation, job } = this;
    const progress = new JobProgress(job, operation);
    const outcome = await operation.settle(async () => {
      try {
        return await body(operation.signal);
      } finally {
        await progress.flush();
      }
    });
    if (outcome.status === "completed") return outcome.value;
    const { error } = outcome;
    const cancelled = operation.error;
    if (outcome.status === "failed" && (cancelled === undefined || isMove(error))) {
      this.#end = isMove(error) ? "moved" : "failed";
      throw error;
    }
    if (this.#isLost) {
      this.#end = "moved";
      throw new WaitingError(); // the job is no longer with this worker, which leaves it alone
    }
    if (outcome.status === "cancelled" && isCancellation(cancelled, { reason: "shutdown" }))
      return this.#giveBack();
    // A job that was cancelled is not retried, also if its processor fails with another error.
    this.#end = outcome.status;
    throw unrecoverable(error);
  }

  async #giveBack(): Promise<never> {
    this.#end = "moved";
    try {
      await this.job.moveToWait(this.token);
    } catch (error) {
      // It has no lock any more, or the connection is closed. BullMQ finds it by its lock.
      report(error, `the return of job ${this.job.id} to its queue`);
    }
    throw new WaitingError();
  }
}

/** The error after which BullMQ does not retry. */
function unrecoverable(cause: unknown): UnrecoverableError {
  const error = new UnrecoverableError(cause instanceof Error ? cause.message : String(cause));
  return Object.defineProperty(error, "cause", { value: cause, configurable: true, writable: true });
}
