import type { AsyncBackend } from "@hother/cancelable";
import type { HttpPhase } from "../http/http-timeout-error.ts";

/** The time limits of one call, on the clock of the backend. A limit runs from {@link start} to {@link stop}. */
export class TimeLimits implements Disposable {
  readonly #ms: Readonly<Record<HttpPhase, number>>;
  readonly #backend: AsyncBackend;
  readonly #passed: (phase: HttpPhase, ms: number) => void;
  readonly #timers = new Map<HttpPhase, Disposable>();

  /** @param passed Called at most once for each start of a limit. */
  constructor(
    ms: Readonly<Record<HttpPhase, number>>,
    backend: AsyncBackend,
    passed: (phase: HttpPhase, ms: number) => void,
  ) {
    this.#ms = ms;
    this.#backend = backend;
    this.#passed = passed;
  }

  /** Starts the limit of a phase, or starts it again. */
  start(phase: HttpPhase): void {
    const ms = this.#ms[phase];
    if (ms === Number.POSITIVE_INFINITY) return;
    this.stop(phase);
    const timer = this.#backend.setTimer(this.#backend.now() + ms, () => this.#passed(phase, ms));
    this.#timers.set(phase, timer);
  }

  /** Starts a limit that is running from the beginning again. */
  restart(phase: HttpPhase): void {
    if (this.#timers.has(phase)) this.start(phase);
  }

  stop(phase: HttpPhase): void {
    this.#timers.get(phase)?.[Symbol.dispose]();
    this.#timers.delete(phase);
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers.values()) timer[Symbol.dispose]();
    this.#timers.clear();
  }
}
