import type { OperationObserver, Span } from "@hother/cancelable";
import { invalidType, toInterval } from "@hother/cancelable/extending";
import type { WorkOptions } from "pg-boss";

/** The options of the jobs of {@link cancellableWork}. */
export interface CancellableJobOptions {
  /**
   * How often the state of a running job is read from the database, to see that it was cancelled. One query for each running job
   * each time, one after another. Default: 1 s.
   */
  readonly interval?: Span | undefined;
  /** Whether a registry contains the operations: `true` for that of the process, or a registry. Default: false. */
  readonly register?: boolean | OperationObserver | undefined;
}

/** The options of {@link cancellableWork}: those of `boss.work`, and those of the jobs. */
export type CancellableWorkOptions = Omit<WorkOptions, "perJobResults" | "transactional"> &
  CancellableJobOptions;

/** The options, checked. */
export interface WorkPlan {
  /** In ms. */
  readonly interval: number;
  readonly register: CancellableJobOptions["register"];
  /** The options for pg-boss, which checks them. */
  readonly work: WorkOptions;
}

export function toWorkPlan(options: CancellableWorkOptions): WorkPlan {
  if (typeof options !== "object" || options === null)
    throw invalidType("options", "an object with the options of boss.work", options);
  const { interval = 1_000, register, ...work } = options;
  for (const key of ["perJobResults", "transactional"] as const)
    if ((work as WorkOptions)[key] !== undefined)
      throw invalidType(`options.${key}`, "left out: each job is settled alone", (work as WorkOptions)[key]);
  if (register !== undefined && typeof register !== "boolean" && typeof register?.started !== "function")
    throw invalidType("options.register", "true, false or a registry", register);
  return {
    interval: toInterval(interval, "options.interval"),
    register,
    work: { ...work, perJobResults: true },
  };
}
