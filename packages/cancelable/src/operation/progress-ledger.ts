import { ProgressTracker } from "./estimate.ts";
import type { Progress } from "./progress.ts";

/** The progress of one operation, and how much of it the operation above has counted. */
export class ProgressLedger {
  readonly tracker: ProgressTracker = new ProgressTracker();
  /** The latest report. */
  latest: Progress | undefined = undefined;
  /** The operation above that counted {@link #counted} of this one. */
  #countedIn: object | undefined = undefined;
  #counted = 0;

  /** How much the operation above has counted so far: 0 to 1. */
  get counted(): number {
    return this.#counted;
  }

  /**
   * Counts the progress of this operation, `fraction`, in the operation above, `whole`, with the weight `weight`. An
   * operation above that has not counted this one before (the first one, or a new one after a move) gets the entire
   * part.
   */
  countIn(whole: object, wholeLedger: ProgressLedger, weight: number, fraction: number): void {
    if (this.#countedIn === whole) wholeLedger.tracker.part(0, weight * (fraction - this.#counted));
    else wholeLedger.tracker.part(weight, weight * fraction);
    this.#countedIn = whole;
    this.#counted = fraction;
  }
}
