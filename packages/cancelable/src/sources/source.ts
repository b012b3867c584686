import { requireText } from "../arguments.ts";
import { markCopy } from "../copy.ts";
import type { CancellationDetail, CancellationReason } from "../errors.ts";

/** The connection of a started source to its operation: triggers the cancellation, and gives access to the clock. */
export interface SourceSink {
  /** Fires the source. Only the first call has an effect, and only before the source is stopped. */
  trigger(reason: CancellationReason, message?: string, detail?: CancellationDetail): void;
  /**
   * Fires the source with reason `timeout` at the time `at` of the {@link now} clock. Checkpoints compare the clock
   * themselves, so they see the timeout also before a timer has fired.
   */
  triggerAt(at: number, message: string | undefined, detail?: CancellationDetail): void;
  /** The monotonic clock of the operation's backend, in milliseconds. */
  now(): number;
  /** The wall clock of the operation's backend, in epoch milliseconds. */
  epoch(): number;
  /**
   * Calls `fire` once, not before the time `at` of the {@link now} clock. A source disposes of its timers when it
   * stops.
   */
  setTimer(at: number, fire: () => void): Disposable;
  /** Passes an error to the reporter. The source continues. */
  report(error: unknown): void;
}

/**
 * A condition that can cancel an operation. Extend this class for a source of your own: `start` begins to watch,
 * and returns a `Disposable` that ends the watching. Several operations can start the same source; each start is
 * independent of the others.
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
  /** The name in messages and in `context.metadata.cancelledBy`. */
  readonly name: string;
  #triggered = false;

  /** @param name The name in messages and in `context.metadata.cancelledBy`. Default: the name of the class. */
  constructor(name?: string) {
    requireText(name, "name");
    this.name = name ?? new.target.name;
  }

  /** Whether the source has ever fired. */
  get triggered(): boolean {
    return this.#triggered;
  }

  /** Begins to watch, synchronously. The returned `Disposable` is disposed of when the operation ends. */
  abstract start(sink: SourceSink): Disposable | undefined;

  /** @internal */
  markTriggered(): void {
    this.#triggered = true;
  }

  toString(): string {
    return `${this.name}${this.#triggered ? " (triggered)" : ""}`;
  }
}
markCopy(CancellationSource);
