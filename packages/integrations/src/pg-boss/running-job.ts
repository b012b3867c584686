import { Cancellable, isCancellation, report } from "@hother/cancelable";
import type { Job, JobResult, JobWithMetadata, PgBoss } from "pg-boss";
import type { WorkPlan } from "./options.ts";

/** One run of a job. */
export class RunningJob<Data> {
  readonly operation: Cancellable;
  readonly #boss: PgBoss;
  readonly #queue: string;
  readonly #job: Job<Data>;
  readonly #began = performance.now();

  constructor(boss: PgBoss, queue: string, job: Job<Data>, plan: WorkPlan) {
    this.#boss = boss;
    this.#queue = queue;
    this.#job = job;
    this.operation = new Cancellable({
      name: queue,
      parent: null,
      timeout: this.#expiry,
      register: plan.register,
      metadata: { queue, jobId: job.id, attempt: job.retryCount + 1 },
    });
  }

  /** The time after which pg-boss fails the job, in ms. */
  get #expiry(): number {
    return Math.max(1, this.#job.expireInSeconds) * 1_000;
  }

  /** Reads the state of the job, and cancels the operation if the job is not to go on. */
  async look(): Promise<void> {
    const { operation } = this;
    try {
      const found = await this.#boss.getJobById<object>(this.#queue, this.#job.id);
      if (operation.hasEnded || operation.isCancelled) return;
      if (found === null) operation.cancel("manual", "the job has been deleted");
      else if (found.state === "cancelled") operation.cancel("manual", "the job has been cancelled");
      else if (this.#isLost(found))
        operation.cancel("stalled", `job ${this.#job.id} is not with this worker any more`);
    } catch (error) {
      if (!operation.hasEnded && !operation.isCancelled) report(error, `the state of job ${this.#job.id}`);
    }
  }

  /** Whether another worker may run the job. A handler can complete its job itself, and go on. */
  #isLost({ state, retryCount }: JobWithMetadata): boolean {
    return state === "active" ? retryCount !== this.#job.retryCount : state !== "completed";
  }

  /** Runs the handler, and returns what pg-boss is to do with the job. */
  async run(handler: (job: Job<Data>) => Promise<unknown>): Promise<JobResult> {
    const { operation } = this;
    const { id, retryCount, signal } = this.#job;
    const follow = (): void => this.#stop(signal.reason);
    signal.addEventListener("abort", follow, { once: true });
    if (signal.aborted) follow();
    try {
      const outcome = await operation.settle(async () => handler({ ...this.#job, signal: operation.signal }));
      if (outcome.status === "completed") return { id, status: "completed", output: outcome.value };
      if (isRetried(operation)) return { id, status: "failed", output: outcome.error };
      // A job that was cancelled is not retried, also if its handler fails with another error.
      await this.#boss
        .cancel(this.#queue, { id, retryCount })
        .catch((error: unknown) => report(error, `the cancellation of job ${id}`));
      return { id, status: "failed", output: outcome.error };
    } finally {
      signal.removeEventListener("abort", follow);
    }
  }

  /** pg-boss has aborted the signal. It gives a reason only if the job is not with this worker any more. */
  #stop(reason: unknown): void {
    const { operation } = this;
    if (reason instanceof Error && reason.message.includes("no longer active"))
      void this.look(); // it says why
    // A timer can be early by 1 ms.
    else if (performance.now() - this.#began >= this.#expiry - 1)
      operation.cancel("timeout", "the job has expired");
    else operation.cancel("shutdown", "pg-boss is shutting down");
  }
}

/** Whether pg-boss may retry the job: it has failed, or its end was not asked for. */
function isRetried({ error }: Cancellable): boolean {
  return (
    error === undefined ||
    ["shutdown", "timeout", "stalled"].some((reason) => isCancellation(error, { reason }))
  );
}
