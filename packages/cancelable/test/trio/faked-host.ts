import { vi } from "vitest";

interface Timer {
  readonly at: number;
  readonly fire: () => void;
}

/**
 * The timers and the monotonic clock of a host, faked. Unlike `vi.useFakeTimers()` it can let time pass
 * without firing a timer, as blocking code does.
 */
export class FakedHost implements Disposable {
  now = 0;
  readonly #timers = new Set<Timer>();
  readonly #clock = vi.spyOn(performance, "now").mockImplementation(() => this.now);
  /** Frames that come without end. */
  readonly #intervals = new Set<{ readonly fire: () => void }>();

  constructor() {
    vi.stubGlobal("setTimeout", this.setTimeout);
    vi.stubGlobal("clearTimeout", this.clearTimeout);
    vi.stubGlobal("setInterval", (fire: () => void) => {
      const interval = { fire };
      this.#intervals.add(interval);
      return interval;
    });
    vi.stubGlobal("clearInterval", (interval: { fire: () => void }) => this.#intervals.delete(interval));
  }

  /** How many timers and intervals are set. */
  get timerCount(): number {
    return this.#timers.size + this.#intervals.size;
  }

  readonly setTimeout = (fire: () => void, delay = 0): Timer => {
    const timer: Timer = { at: this.now + delay, fire };
    this.#timers.add(timer);
    return timer;
  };

  readonly clearTimeout = (timer: Timer): void => void this.#timers.delete(timer);

  /**
   * Moves time to the first timer and fires it; then every interval once. False when there is none: the tasks
   * wait for ever. Intervals alone move no time, since nothing that is due waits for them.
   */
  moveToNext(): boolean {
    let first: Timer | undefined;
    for (const timer of this.#timers) if (first === undefined || timer.at < first.at) first = timer;
    if (first === undefined || first.at === Number.POSITIVE_INFINITY) return false;
    this.#timers.delete(first);
    this.now = Math.max(this.now, first.at);
    first.fire();
    for (const interval of [...this.#intervals]) interval.fire();
    return true;
  }

  [Symbol.dispose](): void {
    vi.unstubAllGlobals();
    this.#clock.mockRestore();
  }
}
