import type { Progress } from "./progress.ts";

/** What follows from an operation's reports. */
export interface ProgressEstimate {
  /** How much is done: 0 to 1. More than the total counts as all of it. */
  readonly fraction: number | undefined;
  /** Units in a second, of late. */
  readonly rate: number | undefined;
  /** Milliseconds until the total, at that rate. */
  readonly remaining: number | undefined;
}

/** The newest report counts for so much of the rate. */
const weightOfNewest = 0.3;

/** Follows the figures of one operation's reports. */
export class ProgressTracker {
  /** The newest figure. */
  #current: number | undefined;
  /** Since when, and from where, the rate is measured next. */
  #since: { readonly at: number; readonly current: number } | undefined;
  #total: number | undefined;
  #rate: number | undefined;
  /** Weights of the parts, and what of that is done; see {@link part}. */
  #parts = 0;
  #done = 0;

  /** @param now On the backend's clock, in ms. */
  report(progress: Progress, now: number): void {
    if (typeof progress === "string") return;
    const { current, total } = progress;
    // What has no end has no total.
    if (total !== undefined) this.#total = Number.isFinite(total) ? total : undefined;
    if (current === undefined || !Number.isFinite(current)) return;
    const backwards = current < (this.#current ?? 0);
    this.#current = current;
    const since = this.#since;
    if (since === undefined || backwards) {
      // Backwards is a new beginning.
      this.#since = { at: now, current };
      this.#rate = undefined;
    } else if (now > since.at) {
      const rate = (1_000 * (current - since.current)) / (now - since.at);
      if (this.#rate === undefined) this.#rate = rate;
      else this.#rate += weightOfNewest * (rate - this.#rate);
      this.#since = { at: now, current };
    }
    // For the rate, further reports of the same moment count from its first one on.
  }

  /** A part of the whole begins or goes on: `weight` is added, `done` of it was finished since the last call. */
  part(weight: number, done: number): void {
    this.#parts += weight;
    this.#done += done;
  }

  get estimate(): ProgressEstimate {
    const total = this.#total;
    const current = this.#current;
    const rate = this.#rate;
    let fraction: number | undefined;
    // A sum of rounded parts: the whole is 1 all the same.
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
