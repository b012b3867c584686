import { Fifo } from "./items.ts";

/** The rule of a {@link RateLimiter}: how much can start now. All times are in ms, on one clock that does not run back. */
export interface Allowance {
  /** The most that can start at one time. */
  readonly most: number;
  /** A time before which `weight` cannot start; `now` if it can start now. `weight` is at most {@link most}. */
  notBefore(weight: number, now: number): number;
  /** Counts a start of `weight`, which {@link notBefore} allows. */
  start(weight: number, now: number): void;
  /** Whether no start of the past limits a start at `now`. */
  isFull(now: number): boolean;
  /** Adds `by` to all times, for another clock. */
  move(by: number): void;
}

/**
 * A bucket of at most `most` tokens that gets `limit` tokens, evenly, in each `per` ms. Stored as the time when the bucket
 * was last full and the number of tokens that were taken since then, so that due times are not sums of rounded times.
 */
export class TokenBucket implements Allowance {
  readonly most: number;
  readonly #limit: number;
  readonly #per: number;
  #fullAt = Number.NEGATIVE_INFINITY;
  #taken = 0;

  constructor(limit: number, per: number, most: number) {
    this.#limit = limit;
    this.#per = per;
    this.most = most;
  }

  notBefore(weight: number, now: number): number {
    return this.isFull(now) ? now : Math.max(now, this.#timeOf(this.#taken + weight - this.most));
  }

  start(weight: number, now: number): void {
    if (this.isFull(now)) {
      this.#fullAt = now;
      this.#taken = 0;
    }
    this.#taken += weight;
  }

  isFull(now: number): boolean {
    return now >= this.#timeOf(this.#taken);
  }

  move(by: number): void {
    this.#fullAt += by;
  }

  /** The time at which the bucket has got this number of tokens since it was full. */
  #timeOf(tokens: number): number {
    return this.#fullAt + (tokens * this.#per) / this.#limit;
  }
}

interface Start {
  readonly weight: number;
  /** The time at which the start leaves the window. */
  readonly until: number;
}

/** At most `most` in each span of `per` ms, wherever the span begins. Keeps every start for `per` ms. */
export class SlidingWindow implements Allowance {
  readonly most: number;
  readonly #per: number;
  readonly #starts = new Fifo<Start>();
  #used = 0;

  constructor(limit: number, per: number) {
    this.most = limit;
    this.#per = per;
  }

  notBefore(weight: number, now: number): number {
    this.#forget(now);
    // There is a start when something is used. A heavy weight may have to wait for several to leave the window.
    return this.#used + weight <= this.most ? now : (this.#starts.first as Start).until;
  }

  start(weight: number, now: number): void {
    this.#starts.add({ weight, until: now + this.#per });
    this.#used += weight;
  }

  isFull(now: number): boolean {
    this.#forget(now);
    return this.#used === 0;
  }

  move(by: number): void {
    for (const { weight, until } of this.#starts.clear()) this.#starts.add({ weight, until: until + by });
  }

  #forget(now: number): void {
    for (
      let first = this.#starts.first;
      first !== undefined && first.until <= now;
      first = this.#starts.first
    )
      this.#used -= this.#starts.take().weight;
  }
}
