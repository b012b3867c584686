import { invalidType, isThenable, outOfRange } from "../arguments.ts";
import { AsyncBackend } from "../backends/backend.ts";
import { type Span, toEpoch, toMilliseconds } from "../duration.ts";
import { type KnownOptions, requireKnownOptions } from "../known-options.ts";
import { report } from "../reporter.ts";
import { seededRandom } from "./seeded-random.ts";

interface VirtualTimer {
  readonly at: number;
  readonly fire: () => void;
}

export interface VirtualBackendOptions {
  /** Whether time jumps to the next timer when every task is blocked. Default: true. */
  readonly autoJump?: boolean | undefined;
  /** The wall clock at time 0, as a `Date` or in milliseconds since the epoch. Default: 2000-01-01T00:00:00Z. */
  readonly epoch?: Date | number | undefined;
  /**
   * The seed of {@link VirtualBackend.random}, a whole number. The same seed gives the same numbers, on every host.
   * Default: 0, so that a test has the same result each time it runs.
   */
  readonly seed?: number | undefined;
}

/** @internal */
export const virtualBackendOptions: KnownOptions<VirtualBackendOptions> = { autoJump: 1, epoch: 1, seed: 1 };

/** After this number of turns of the event loop without activity, every task is blocked. */
const quietTurns = 2;

/**
 * A backend with virtual time, like trio's `MockClock`: an hour of sleeps takes a millisecond, and a timer for 100 ms
 * fires at exactly 100 ms. Random numbers come from a seed. Tasks are plain promises. `autoJump` does not see promises that wait for the real world,
 * such as files and sockets: pass them to {@link hold}.
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
  /** @internal The core cancels a timer when no deadline needs it, so that a test can count the timers. */
  readonly exactTimers = true;
  readonly autoJump: boolean;
  readonly #epoch: number;
  readonly #random: () => number;
  #time = 0;
  readonly #timers: VirtualTimer[] = [];
  /** Increases with every event that can unblock a task. */
  #activity = 0;
  /** The number of pending turns. */
  #turns = 0;
  #holds = 0;
  /** The number of waits in {@link untilIdle}. */
  #idleWaits = 0;
  #moving = false;

  constructor(options?: VirtualBackendOptions) {
    super();
    requireKnownOptions(options, virtualBackendOptions, "VirtualBackend");
    this.autoJump = options?.autoJump ?? true;
    this.#epoch = toEpoch(options?.epoch ?? Date.UTC(2000, 0, 1), "options.epoch");
    this.#random = seededRandom(options?.seed ?? 0, "options.seed");
  }

  override now(): number {
    return this.#time;
  }

  override epoch(): number {
    return this.#epoch + this.#time;
  }

  override random(): number {
    return this.#random();
  }

  /** The number of timers that are set. */
  get timerCount(): number {
    return this.#timers.length;
  }

  override current(): undefined {
    return undefined;
  }

  override setTimer(at: number, fire: () => void): Disposable {
    this.#activity++;
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
      this.#activity++;
    };
    const cancel = super.turn(() => {
      end();
      fn();
    });
    return () => {
      end();
      cancel();
    };
  }

  /**
   * Moves time forward, and fires the timers up to the new time in order. After each timer, tasks run until every task
   * is blocked.
   *
   * @param span In milliseconds or as a `Duration`.
   */
  async advance(span: Span): Promise<void> {
    const ms = toMilliseconds(span, "span");
    if (!(ms >= 0) || ms === Number.POSITIVE_INFINITY)
      throw outOfRange("span", "at least 0, and finite", span);
    const target = this.#time + ms;
    await this.#move(() => target);
    this.#time = Math.max(this.#time, target);
  }

  /**
   * Moves time forward as blocking code does: no timer fires before the code awaits.
   *
   * @param span In milliseconds or as a `Duration`.
   */
  pass(span: Span): void {
    const ms = toMilliseconds(span, "span");
    if (!(ms >= 0) || ms === Number.POSITIVE_INFINITY)
      throw outOfRange("span", "at least 0, and finite", span);
    this.#time += ms;
    this.#activity++;
  }

  /** Resolves when every task is blocked, before time moves. Like trio's `wait_all_tasks_blocked`. */
  async untilIdle(): Promise<void> {
    this.#idleWaits++;
    try {
      await this.#allBlocked();
    } finally {
      this.#idleWaits--;
      this.#activity++;
    }
  }

  async #allBlocked(): Promise<void> {
    for (let quiet = 0; quiet < quietTurns; ) {
      const before = this.#activity;
      await new Promise<void>((resolve) => void super.turn(resolve));
      quiet = this.#activity === before && this.#turns === 0 ? quiet + 1 : 0;
    }
  }

  /** Stops `autoJump` until `work` settles. For promises that wait for the real world. Returns `work`. */
  hold<T>(work: PromiseLike<T>): PromiseLike<T> {
    if (!isThenable(work)) throw invalidType("work", "a promise", work);
    this.#holds++;
    const release = (): void => {
      this.#holds--;
      this.#activity++;
      this.#jumpWhenIdle();
    };
    work.then(release, release);
    return work;
  }

  #jumpWhenIdle(): void {
    if (!this.autoJump || this.#moving) return;
    const limit = (): number => (this.#holds > 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY);
    this.#move(limit).then(undefined, (error: unknown) => {
      // The remaining timers fire, although one has thrown.
      report(error, "a timer of the virtual backend");
      this.#jumpWhenIdle();
    });
  }

  /** Fires the timers up to `limit()`. Each timer fires when every task is blocked. */
  async #move(limit: () => number): Promise<void> {
    this.#moving = true;
    try {
      for (;;) {
        await this.#allBlocked();
        // A wait in `untilIdle` ends before time moves.
        if (this.#idleWaits > 0) continue;
        const first = this.#timers[0];
        if (first === undefined || first.at > limit()) return;
        this.#timers.shift();
        this.#time = Math.max(this.#time, first.at);
        this.#activity++;
        first.fire();
      }
    } finally {
      this.#moving = false;
    }
  }
}
