import { outOfRange, requireCount, requireOneOf } from "../arguments.ts";
import { guardCallback } from "../guard-callback.ts";
import { type KnownOptions, requireKnownOptions } from "../known-options.ts";
import { ScopedIterator } from "../scope/scoped-iterator.ts";
import { EventBuffer, type EventOverflow } from "./event-buffer.ts";
import {
  type AnyTarget,
  type EmitterLike,
  requireEventName,
  requireTarget,
  toEventNames,
} from "./event-listeners.ts";
import { type OnceOptions, onceOptions, toFilter, toRejectNames } from "./once.ts";

/** The options of {@link on}. */
export interface OnOptions<V = unknown> extends OnceOptions<V> {
  /** The names of events that end the iteration, after the events before. Default: none. */
  readonly end?: readonly (string | symbol)[] | undefined;
  /** The most events that wait for the reader: a whole number of at least 0, or Infinity. Default: 1,000. */
  readonly capacity?: number | undefined;
  /**
   * The rule for an event that finds the buffer full. `"fail"` ends with a {@link LagError} after the events in the buffer;
   * `"drop-oldest"` and `"drop-newest"` drop an event and go on. Default: `"fail"`.
   */
  readonly overflow?: EventOverflow | undefined;
  /** Called with every event that was taken and that the reader did not get. Default: none. */
  readonly onUndelivered?: ((value: V) => unknown) | undefined;
}

const known: KnownOptions<OnOptions> = {
  ...onceOptions,
  end: 1,
  capacity: 1,
  overflow: 1,
  onUndelivered: 1,
};

/** The events of a target, as an iterator that can also be disposed synchronously. */
export type EventIterator<V> = AsyncGenerator<V, undefined, undefined> & Disposable;

/**
 * The events of a target, from this call on. Yields the event of an `EventTarget`, or the array of arguments of an
 * `EventEmitter`. Belongs to the scope of the call. No listener is left when the loop is left, when the scope is
 * cancelled, or after an event in `end` or `reject`. These come after the events before.
 *
 * @throws TypeError or RangeError for a bad argument, at once.
 *
 * @example
 * ```ts
 * import { on } from "@hother/cancelable";
 *
 * const target = new EventTarget();
 * const ticks = on(target, "tick", { end: ["close"] });
 * for (const name of ["tick", "tick", "close"]) target.dispatchEvent(new Event(name));
 * let count = 0;
 * for await (const _ of ticks) count++;
 * console.assert(count === 2);
 * ```
 */
export function on<A extends readonly unknown[] = unknown[]>(
  target: EmitterLike,
  event: string | symbol,
  options?: OnOptions<A>,
): EventIterator<A>;
export function on<E extends globalThis.Event = globalThis.Event>(
  target: EventTarget,
  event: string,
  options?: OnOptions<E>,
): EventIterator<E>;
export function on(
  target: AnyTarget,
  event: string | symbol,
  options?: OnOptions<never>,
): EventIterator<unknown> {
  requireTarget(target);
  requireEventName(event, "event");
  requireKnownOptions(options, known, "on");
  const {
    filter,
    reject,
    end,
    capacity = 1_000,
    overflow = "fail",
    onUndelivered,
    ...ofScope
  } = options ?? {};
  requireCount(capacity, "options.capacity", 0);
  requireOneOf(overflow, "options.overflow", [
    "fail",
    "drop-oldest",
    "drop-newest",
  ] satisfies EventOverflow[]);
  if (capacity === 0 && overflow !== "fail") {
    throw outOfRange("options.capacity", "at least 1 with a rule that drops", capacity);
  }
  const undelivered = guardCallback(onUndelivered, "onUndelivered") as ((value: unknown) => void) | undefined;
  const accepts = toFilter(filter);
  const names = {
    event,
    end: toEventNames(end, "options.end"),
    reject: toRejectNames(target, event, reject),
  };
  const buffer = new EventBuffer(target, { accepts, capacity, overflow, undelivered });
  const events = new Events(ofScope, ({ scope }) => buffer.open(scope.node, names), {
    ended: () => buffer.ended(),
  });
  events.begin();
  return events;
}

class Events extends ScopedIterator<unknown> implements Disposable {
  /** Leaves without a wait: the listeners are removed at once. */
  [Symbol.dispose](): void {
    void this.return(); // never rejects: no task and no closing can fail
  }
}
