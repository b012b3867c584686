import { type Cancellable, type Progress, report, shield } from "@hother/cancelable";
import type { Job } from "bullmq";

/**
 * Carries the progress of an operation to its job, and that of the job to the operation. While an update is on its way, the
 * newest progress waits, and replaces older progress.
 */
export class JobProgress {
  readonly #job: Job;
  readonly #update: (progress: never) => Promise<void>;
  #next: { readonly progress: Progress } | undefined = undefined;
  #sending: Promise<void> | undefined = undefined;

  constructor(job: Job, operation: Cancellable) {
    this.#job = job;
    this.#update = job.updateProgress.bind(job);
    let isOwn = false;
    operation.onProgress((progress, { context }) => {
      if (isOwn || context !== operation.context) return;
      this.#next = { progress };
      this.#sending ??= this.#send();
    });
    job.updateProgress = async (progress) => {
      const told = toProgress(progress);
      isOwn = true;
      try {
        if (told !== undefined && !operation.hasEnded) operation.reportProgress(told);
      } finally {
        isOwn = false;
      }
      await this.#update(progress as never);
    };
  }

  /** Waits until the newest progress is with the job. */
  async flush(): Promise<void> {
    await this.#sending;
    this.#job.updateProgress = this.#update as Job["updateProgress"]; // the method of BullMQ
  }

  async #send(): Promise<void> {
    for (let next = this.#next; next !== undefined; next = this.#next) {
      this.#next = undefined;
      const { progress } = next;
      // Also that of a clean-up, over a connection whose commands follow the scope.
      await shield(() => this.#update(progress as never)).catch((error: unknown) =>
        report(error, `the progress of job ${this.#job.id}`),
      );
    }
    this.#sending = undefined;
  }
}

/** The progress of a job in the words of an operation, if there are any. */
function toProgress(progress: unknown): Progress | undefined {
  if (typeof progress === "string") return progress;
  if (typeof progress === "number")
    return progress >= 0 && progress <= 100 ? { current: progress, total: 100, unit: "%" } : undefined;
  if (typeof progress !== "object" || progress === null) return undefined;
  const { message, current, total, phase, unit } = progress as Record<string, unknown>;
  const texts = [message, phase, unit].every((text) => text === undefined || typeof text === "string");
  const figures = [current, total].every((n) => n === undefined || (typeof n === "number" && n >= 0));
  const isEmpty = [message, current, total, phase, unit].every((part) => part === undefined);
  return texts && figures && !isEmpty ? (progress as Progress) : undefined; // checked
}
