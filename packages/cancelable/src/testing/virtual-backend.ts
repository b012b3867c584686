import { invalidType, isThenable, outOfRange, requireOptions } from "../arguments.ts";
import { AsyncBackend } from "../backends/backend.ts";
import { type Span, toEpoch, toMilliseconds } from "../duration.ts";
import { report } from "../reporter.ts";

interface VirtualTimer {
  readonly at: number;
  readonly fire: () => void;
}

export interface VirtualBackendOptions {
  /** Whether time moves to the next deadline by itself when every task is blocked. Default: true. */
  readonly autoJump?: boolean;
  /** The wall clock at time 0: a `Date` or epoch milliseconds. Default: 2000-01-01T00:00:00Z. */
  readonly epoch?: Date | number;
}

/** So many turns of the event loop without any news mean that every task is blocked. */
const quietTurns = 2;

/**
 * A runtime whose time is a number: an hour of sleeps takes a millisecond, and a thing that is due at
 * 100 ms happens at exactly 100. Plain promises run on it; promises that wait for the real world (files,
 * sockets) are not seen by `autoJump`: {@link hold} them (trio: `MockClock`).
 *
 * @example
 * ```ts
 * import { moveOnAfter, run, sleep } from "@hother/cancelable";
 * import { VirtualBackend } from "@hother/cancelable/testing";
 *
 * const backend = new VirtualBackend();
 * await run(() => moveOnAfter({ hours: 1 }, () => sleep({ days: 1 })), { backend });
 * console.assert(backend.now() === 3_600_000);
 * ```
 */
export class VirtualBackend extends AsyncBackend {
  override readonly name = "virtual";
  /** @internal No timer outlives its use: a test may count them. */
  readonly exactTimers = true;
  readonly autoJump: boolean;
  readonly #epoch: number;
  #time = 0;
  readonly #timers: VirtualTimer[] = [];
  /** Counts everything that shows that somebody is not blocked. */
  #news = 0;
  #turns = 0;
  #holds = 0;
  /** How many wait in {@link untilIdle}. */
  #watching = 0;
  #moving = false;

  constructor(options?: VirtualBackendOptions) {
    super();
    requireOptions(options);
    this.autoJump = options?.autoJump ?? true;
    this.#epoch = toEpoch(options?.epoch ?? Date.UTC(2000, 0, 1), "options.epoch");
  }

  override now(): number {
    return this.#time;
  }

  override epoch(): number {
    return this.#epoch + this.#time;
  }

  /** How many timers are set. */
  get timerCount(): number {
    return this.#timers.length;
  }

  override current(): undefined {
    return undefined;
  }

  override setTimer(at: number, fire: () => void): Disposable {
    this.#news++;
    if (at === Number.POSITIVE_INFINITY) return { [Symbol.dispose]() {} };
    const timer: VirtualTimer = { at, fire };
    let place = this.#timers.length;
    while (place > 0 && (this.#timers[place - 1] as VirtualTimer).at > at) place--;
    this.#timers.splice(place, 0, timer);
    this.#jumpWhenIdle();
    return {
      [Symbol.dispose]: () => {
        const index = this.#timers.indexOf(timer);
        if (index >= 0) this.#timers.splice(index, 1);
      },
    };
  }

  override turn(fn: () => void): () => void {
    this.#turns++;
    let over = false;
    const end = (): void => {
      if (over) return;
      over = true;
      this.#turns--;
      this.#news++;
    };
    const withdraw = super.turn(() => {
      end();
      fn();
    });
    return () => {
      end();
      withdraw();
    };
  }

  /** Moves time by `span`, and fires what is due on the way, in order; tasks run in between. */
  async advance(span: Span): Promise<void> {
    const ms = toMilliseconds(span, "span");
    if (!(ms >= 0) || ms === Number.POSITIVE_INFINITY)
      throw outOfRange("span", "at least 0, and finite", span);
    const target = this.#time + ms;
    await this.#move(() => target);
    this.#time = Math.max(this.#time, target);
  }

  /** Lets time pass as blocking code does: the clock moves, and no timer fires before the code awaits. */
  pass(span: Span): void {
    const ms = toMilliseconds(span, "span");
    if (!(ms >= 0) || ms === Number.POSITIVE_INFINITY)
      throw outOfRange("span", "at least 0, and finite", span);
    this.#time += ms;
    this.#news++;
  }

  /** Resolves when every task is blocked: nothing happens any more before time moves (trio: `wait_all_tasks_blocked`). */
  async untilIdle(): Promise<void> {
    this.#watching++;
    try {
      await this.#allBlocked();
    } finally {
      this.#watching--;
      this.#news++;
    }
  }

  async #allBlocked(): Promise<void> {
    for (let quiet = 0; quiet < quietTurns; ) {
      const before = this.#news;
      await new Promise<void>((resolve) => void super.turn(resolve));
      quiet = this.#news === before && this.#turns === 0 ? quiet + 1 : 0;
    }
  }

  /** Time does not jump while `work` is under way: for promises that wait for the real world. Returns `work`. */
  hold<T>(work: PromiseLike<T>): PromiseLike<T> {
    if (!isThenable(work)) throw invalidType("work", "a promise", work);
    this.#holds++;
    const release = (): void => {
      this.#holds--;
      this.#news++;
      this.#jumpWhenIdle();
    };
    work.then(release, release);
    return work;
  }

  #jumpWhenIdle(): void {
    if (!this.autoJump || this.#moving) return;
    const limit = (): number => (this.#holds > 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY);
    this.#move(limit).then(undefined, (error: unknown) => {
      // One that threw does not stop the others.
      report(error, "a timer of the virtual backend");
      this.#jumpWhenIdle();
    });
  }

  /** Fires timers up to `limit()`, one at a time, each when everybody is blocked. */
  async #move(limit: () => number): Promise<void> {
    this.#moving = true;
    try {
      for (;;) {
        await this.#allBlocked();
        // Whoever waits for everybody to be blocked is to see it before time moves.
        if (this.#watching > 0) continue;
        const first = this.#timers[0];
        if (first === undefined || first.at > limit()) return;
        this.#timers.shift();
        this.#time = Math.max(this.#time, first.at);
        this.#news++;
        first.fire();
      }
    } finally {
      this.#moving = false;
    }
  }
}
