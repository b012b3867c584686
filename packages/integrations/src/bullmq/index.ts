export { type AddJobOptions, addJob } from "./add-job.ts";
export { type CancelJobAnswer, type CancelJobOptions, cancelJob, cancellationOfJob } from "./cancel-job.ts";
export {
  type CancellableWorkerOptions,
  cancellableProcessor,
  cancellableWorker,
} from "./cancellable-worker.ts";
export type { JobLimits } from "./job-limits.ts";
export type { BodyEnd } from "./messages.ts";
export type { CancellableJobOptions } from "./options.ts";
