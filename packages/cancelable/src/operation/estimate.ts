import type { Progress } from "./progress.ts";

/** An estimate from the progress reports of an operation. */
export interface ProgressEstimate {
  /** The completed fraction, 0 to 1. */
  readonly fraction: number | undefined;
  /** Units per second, exponentially smoothed. */
  readonly rate: number | undefined;
  /** The time until the total is reached at this rate, in ms. */
  readonly remaining: number | undefined;
}

/** The weight of the newest measurement in the smoothed rate. */
const weightOfNewest = 0.3;

/** Computes the estimate from the numbers in the progress reports of one operation. */
export class ProgressTracker {
  /** The `current` of the newest report. */
  #current: number | undefined;
  /** The start of the next measurement of the rate. */
  #since: { readonly at: number; readonly current: number } | undefined;
  #total: number | undefined;
  #rate: number | undefined;
  /** The sum of the weights of all parts; see {@link part}. */
  #parts = 0;
  /** The sum of the completed weights. */
  #done = 0;

  /** @param now The time on the backend's clock, in ms. */
  report(progress: Progress, now: number): void {
    if (typeof progress === "string") return;
    const { current, total } = progress;
    // Work without an end has no total.
    if (total !== undefined) this.#total = Number.isFinite(total) ? total : undefined;
    if (current === undefined || !Number.isFinite(current)) return;
    const backwards = current < (this.#current ?? 0);
    this.#current = current;
    const since = this.#since;
    if (since === undefined || backwards) {
      // A smaller `current` starts the measurement again.
      this.#since = { at: now, current };
      this.#rate = undefined;
    } else if (now > since.at) {
      const rate = (1_000 * (current - since.current)) / (now - since.at);
      if (this.#rate === undefined) this.#rate = rate;
      else this.#rate += weightOfNewest * (rate - this.#rate);
      this.#since = { at: now, current };
    }
    // Several reports at the same time belong to one measurement, which starts at the first of them.
  }

  /**
   * Counts a part of this operation. `weight` is the weight of a new part, else 0; `done` is the weight completed
   * since the last call.
   */
  part(weight: number, done: number): void {
    this.#parts += weight;
    this.#done += done;
  }

  get estimate(): ProgressEstimate {
    const total = this.#total;
    const current = this.#current;
    const rate = this.#rate;
    let fraction: number | undefined;
    // Rounded, because the sum of the parts is inexact and must reach 1 at the end.
    if (this.#parts > 0)
      fraction = Math.min(1, Math.max(0, Math.round((1e12 * this.#done) / this.#parts) / 1e12));
    else if (current !== undefined && total !== undefined)
      fraction = total > 0 ? Math.min(1, current / total) : 1;
    const left = current === undefined || total === undefined ? undefined : Math.max(0, total - current);
    return {
      fraction,
      rate,
      remaining: left === undefined || rate === undefined || rate === 0 ? undefined : (1_000 * left) / rate,
    };
  }
}
