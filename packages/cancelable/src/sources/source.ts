import { requireText } from "../arguments.ts";
import type { CancellationDetail, CancellationReason } from "../errors.ts";
import { report } from "../reporter.ts";
import type { Clock } from "../runtime/clock.ts";
import { requireReason } from "../token/token.ts";

/** What a source is given when it starts, and reports through. */
export interface SourceSink {
  /** Says that the time has come. Only the first call counts, and none after the source was stopped. */
  trigger(reason: CancellationReason, message?: string, detail?: CancellationDetail): void;
  /** As {@link trigger} with reason `timeout`, at a moment of {@link now}'s clock; checkpoints see it without any timer. */
  triggerAt(at: number, message: string, detail?: CancellationDetail): void;
  /** Monotonic milliseconds on the clock of the operation's backend. */
  now(): number;
  /** The wall clock that belongs to {@link now}, in epoch milliseconds. */
  epoch(): number;
  /** Calls `fire` once, not before `at` on {@link now}'s clock; dispose of it when the source stops. */
  setTimer(at: number, fire: () => void): Disposable;
  /** Tells the reporter of an error. The source goes on. */
  report(error: unknown): void;
}

/**
 * Something that may cancel an operation. Extend it for your own: `start` begins to watch and returns
 * what ends the watching. It may be started by several operations; each start is on its own.
 *
 * @example
 * ```ts
 * import { Cancellable, CancellationSource, type SourceSink } from "@hother/cancelable";
 *
 * class EmitterSource extends CancellationSource {
 *   constructor(readonly target: EventTarget) {
 *     super("emitter");
 *   }
 *   start(sink: SourceSink): Disposable {
 *     const stop = () => sink.trigger("disconnect", "the emitter said stop");
 *     this.target.addEventListener("stop", stop);
 *     return { [Symbol.dispose]: () => this.target.removeEventListener("stop", stop) };
 *   }
 * }
 *
 * const target = new EventTarget();
 * const operation = new Cancellable().addSource(new EmitterSource(target));
 * const outcome = await operation.settle((op) => {
 *   target.dispatchEvent(new Event("stop"));
 *   return op.sleep(60_000);
 * });
 * console.assert(outcome.status === "cancelled");
 * ```
 */
export abstract class CancellationSource {
  readonly name: string;
  #triggered = false;

  /** @param name How messages and `context.metadata` call it. Default: the class's name. */
  constructor(name?: string) {
    requireText(name, "name");
    this.name = name ?? new.target.name;
  }

  /** Whether it has ever fired. */
  get triggered(): boolean {
    return this.#triggered;
  }

  /** Begins to watch, synchronously; what it returns is disposed of when the operation ends. */
  abstract start(sink: SourceSink): Disposable | undefined;

  /** @internal */
  markTriggered(): void {
    this.#triggered = true;
  }

  toString(): string {
    return `${this.name}${this.#triggered ? " (triggered)" : ""}`;
  }
}

/** Who listens to a started source: an operation, or a composite. */
export interface SourceTarget {
  readonly clock: Clock;
  /** A source below has fired. `source` is the one that did, at whatever depth. */
  fired(
    source: CancellationSource,
    reason: CancellationReason,
    message?: string,
    detail?: CancellationDetail,
  ): void;
  /** Takes a deadline over, to fire `expire` when it passes; if it is not offered, a timer does. */
  takeDeadline: ((at: number, expire: () => void) => void) | undefined;
}

/** The sinks that this library makes: composites need more of them than other sources do. */
export interface CompositeSink extends SourceSink {
  readonly target: SourceTarget;
  /** As `trigger`, for the source below that has fired. */
  triggerFrom(
    origin: CancellationSource,
    reason: CancellationReason,
    message?: string,
    detail?: CancellationDetail,
  ): void;
}

/** Starts a source for a target; disposing stops it. What it throws while stopping is reported. */
export function startSource(source: CancellationSource, target: SourceTarget): Disposable {
  const { clock } = target;
  const timers: Disposable[] = [];
  let over = false;
  const sink: CompositeSink = {
    target,
    triggerFrom(origin, reason, message, detail) {
      if (over) return;
      over = true;
      source.markTriggered();
      target.fired(origin, reason, message, detail);
    },
    trigger(reason, message, detail) {
      requireReason(reason, message);
      sink.triggerFrom(source, reason, message, detail);
    },
    triggerAt(at, message, detail) {
      const expire = (): void => sink.trigger("timeout", message, detail);
      if (at === Number.POSITIVE_INFINITY) return;
      if (target.takeDeadline !== undefined) target.takeDeadline(at, expire);
      else timers.push(clock.setAlarm(at, expire));
    },
    now: () => clock.now(),
    epoch: () => clock.runtime.epoch(),
    setTimer: (at, fire) =>
      clock.setAlarm(at, () => {
        try {
          fire();
        } catch (error) {
          sink.report(error);
        }
      }),
    report: (error) => report(error, `source ${source.name}`),
  };
  const quit = (): void => {
    over = true;
    for (const timer of timers) timer[Symbol.dispose]();
  };
  let running: Disposable | undefined;
  try {
    running = source.start(sink);
  } catch (error) {
    quit();
    throw error;
  }
  return {
    [Symbol.dispose]() {
      quit();
      try {
        running?.[Symbol.dispose]();
      } catch (error) {
        report(error, `stopping source ${source.name}`);
      }
    },
  };
}

/** Starts several, in order. If one cannot start, those before it are stopped and its error is thrown. */
export function startSources(sources: Iterable<CancellationSource>, target: SourceTarget): Disposable {
  const running: Disposable[] = [];
  const all: Disposable = {
    [Symbol.dispose]() {
      for (let one = running.pop(); one !== undefined; one = running.pop()) one[Symbol.dispose]();
    },
  };
  try {
    for (const source of sources) running.push(startSource(source, target));
  } catch (error) {
    all[Symbol.dispose]();
    throw error;
  }
  return all;
}
