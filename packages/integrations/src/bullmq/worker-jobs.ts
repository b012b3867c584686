import { report } from "@hother/cancelable";
import type { Job, RedisClient } from "bullmq";
import { type CancelReply, type CancelRequest, read } from "./messages.ts";
import type { JobPlan } from "./options.ts";
import { RunningJob } from "./running-job.ts";
import { requestField, runScript, tellEnd } from "./scripts.ts";
import { Subscription } from "./subscription.ts";

/** The part of a worker that is used here. */
export interface WorkerLike {
  readonly id: string;
  readonly qualifiedName: string;
  readonly closing?: Promise<void> | undefined;
  readonly backend: { readonly client: Promise<RedisClient> };
  on(event: "closing" | "closed", listener: () => void): unknown;
  on(event: "lockRenewalFailed", listener: (jobIds: string[]) => void): unknown;
}

const shutdownMessage = "the worker is shutting down";

/**
 * The jobs that a worker runs.
 * 1. A job is in the list before its stored request is looked for, and the list before is subscribed to requests. So a request is
 *    either found or told.
 * 2. A request is answered after the body has ended and BullMQ has stored the result. A worker that has lost the job, whose result
 *    BullMQ does not store, does not answer.
 */
export class WorkerJobs {
  readonly #worker: WorkerLike;
  readonly #plan: JobPlan;
  readonly #subscription: Subscription;
  readonly #running = new Map<string, RunningJob>();
  #drained: NodeJS.Timeout | undefined = undefined;
  #isShutDown = false;

  constructor(worker: WorkerLike, plan: JobPlan) {
    this.#worker = worker;
    this.#plan = plan;
    this.#subscription = new Subscription(
      worker.backend.client,
      `${worker.qualifiedName}:cancelable:${worker.id}`,
      (text) => this.#receive(read<CancelRequest>(text)),
      () => this.#lookAgain(),
    );
    worker.on("lockRenewalFailed", (ids) => {
      for (const id of ids)
        this.#running.get(id)?.lose("stalled", `the worker has lost the lock of job ${id}`);
    });
    worker.on("closing", () => this.#drain());
    worker.on("closed", () => {
      clearTimeout(this.#drained);
      this.#isShutDown = true;
      // Only of a worker that was closed by force. It cannot give its jobs back any more.
      for (const run of this.#running.values()) run.lose("shutdown", shutdownMessage);
      this.#subscription.close();
    });
    if (worker.closing !== undefined) this.#drain();
  }

  /** @param signal That of BullMQ. Its reason is a text. */
  async run<T>(
    job: Job,
    token: string,
    signal: AbortSignal | undefined,
    body: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const run = new RunningJob(job, token, this.#plan);
    const id = job.id ?? "";
    const follow = (): void => {
      const { reason } = signal as AbortSignal; // it has called this
      run.operation.cancel("manual", typeof reason === "string" ? reason : undefined);
    };
    signal?.addEventListener("abort", follow, { once: true });
    await this.#subscription.ready;
    this.#running.set(id, run);
    try {
      if (this.#isShutDown) this.#stop(run);
      await this.#look(run);
      return await run.run(body);
    } finally {
      signal?.removeEventListener("abort", follow);
      if (this.#running.get(id) === run) this.#running.delete(id);
      // BullMQ first writes down the end of the job, on the same connection.
      setImmediate(() => {
        this.#tell(run).catch((error: unknown) => {
          if (this.#worker.closing === undefined)
            report(error, `the answer about the cancellation of job ${id}`);
        });
      });
    }
  }

  /** Whether the job has a request that was stored before this worker had it, or while the connection was lost. */
  async #look(run: RunningJob): Promise<void> {
    const client = await this.#worker.backend.client;
    const text = await client.hget(this.#key(run.job), requestField);
    const request = text === null ? undefined : read<CancelRequest>(text);
    if (request !== undefined) run.take(request);
  }

  #lookAgain(): void {
    for (const run of this.#running.values())
      this.#look(run).catch((error: unknown) => report(error, `the request to cancel job ${run.job.id}`));
  }

  #receive(request: CancelRequest | undefined): void {
    if (request === undefined) return;
    // A job that this worker does not have yet has its request when it starts.
    this.#running.get(request.jobId)?.take(request);
  }

  async #tell({ job, token, end, cancellation, requests }: RunningJob): Promise<void> {
    // A job that waits again has not ended. Its request stays with it, and `cancelJob` reads its state again.
    if (end === "moved" || (requests.size === 0 && cancellation === undefined)) return;
    const client = await this.#worker.backend.client;
    const written = cancellation === undefined ? "" : JSON.stringify(cancellation);
    const replies = [...requests].flatMap(([id, reply]) => [
      reply,
      JSON.stringify({ id, end } satisfies CancelReply),
    ]);
    const { qualifiedName } = this.#worker;
    await runScript(client, tellEnd, this.#key(job), [
      `${qualifiedName}:`,
      job.id ?? "",
      token,
      written,
      ...replies,
    ]);
  }

  #drain(): void {
    const { drain } = this.#plan;
    if (drain === Number.POSITIVE_INFINITY) return;
    this.#drained = setTimeout(() => this.#shutDown(), Math.max(drain, 0));
  }

  #shutDown(): void {
    this.#isShutDown = true;
    for (const run of this.#running.values()) this.#stop(run);
  }

  #stop(run: RunningJob): void {
    run.operation.cancel("shutdown", shutdownMessage);
  }

  #key(job: Job): string {
    return `${this.#worker.qualifiedName}:${job.id}`;
  }
}
