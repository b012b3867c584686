/** A job that is watched. */
interface Watched {
  /** Does not reject. */
  look(): Promise<void>;
}

/** Looks at the running jobs of one worker at an interval. There is no timer while no job runs. */
export class WatchedJobs {
  readonly #interval: number;
  readonly #jobs = new Set<Watched>();
  #timer: NodeJS.Timeout | undefined = undefined;
  #isLooking = false;

  /** @param interval In ms. */
  constructor(interval: number) {
    this.#interval = interval;
  }

  add(job: Watched): void {
    this.#jobs.add(job);
    this.#plan();
  }

  remove(job: Watched): void {
    this.#jobs.delete(job);
    if (this.#jobs.size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #plan(): void {
    if (this.#isLooking || this.#jobs.size === 0) return;
    this.#timer ??= setTimeout(() => void this.#look(), this.#interval);
  }

  /** One after another, so that many jobs take one connection. */
  async #look(): Promise<void> {
    this.#timer = undefined;
    this.#isLooking = true;
    for (const job of [...this.#jobs]) if (this.#jobs.has(job)) await job.look();
    this.#isLooking = false;
    this.#plan();
  }
}
