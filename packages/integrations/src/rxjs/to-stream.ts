import { type EmitterLike, type EventIterator, type EventOverflow, on } from "@hother/cancelable";
import {
  invalidType,
  type KnownOptions,
  requireFunction,
  requireKnownOptions,
} from "@hother/cancelable/extending";
import { type Observable, Subject, takeUntil } from "rxjs";

/** The options of {@link toStream}. */
export interface ToStreamOptions<T> {
  /** The most values that wait for the reader: a whole number of at least 0, or Infinity. Default: 1,000. */
  readonly capacity?: number | undefined;
  /**
   * The rule for a value that finds the buffer full, because an observable cannot be slowed down. `"fail"` unsubscribes, and ends
   * with a `LagError` after the values in the buffer; `"drop-oldest"` and `"drop-newest"` drop a value and go on. Default: `"fail"`.
   */
  readonly overflow?: EventOverflow | undefined;
  /** Called with every value that was taken and that the reader did not get. Default: none. */
  readonly onUndelivered?: ((value: T) => unknown) | undefined;
}

const known: KnownOptions<ToStreamOptions<unknown>> = { capacity: 1, overflow: 1, onUndelivered: 1 };

type Listener = (...args: unknown[]) => void;

/** The events of an observable, for {@link on}. The observable is subscribed until the listeners are removed. */
class Events<T> implements EmitterLike {
  readonly #listeners = new Map<string | symbol, Listener>();
  /** Unlike a subscription, it also ends an observable that emits before `subscribe` returns. */
  readonly #removed = new Subject<void>();

  on(event: string | symbol, listener: Listener): void {
    this.#listeners.set(event, listener);
  }

  off(event: string | symbol): void {
    this.#listeners.delete(event);
    this.#removed.next();
  }

  subscribe(observable: Observable<T>): void {
    if (this.#listeners.size === 0) return; // the scope is cancelled
    const emit = (event: string, value?: unknown): void => this.#listeners.get(event)?.(value);
    observable.pipe(takeUntil(this.#removed)).subscribe({
      next: (value) => emit("next", value),
      error: (error: unknown) => emit("error", error),
      complete: () => emit("complete"),
    });
  }
}

/**
 * Subscribes an observable, and returns its values as an async iterable with a bounded buffer. Belongs to the scope of the call:
 * reading is a checkpoint, and rejects with the error of the scope. The observable is unsubscribed when the loop is left, when the
 * scope is cancelled, and when the iterable is disposed of. An error of the observable comes after the values before it.
 *
 * @throws TypeError or RangeError for a wrong argument, before the observable is subscribed.
 * @example
 * ```ts
 * import { toStream } from "@hother/cancelable-integrations/rxjs";
 * import { interval, map } from "rxjs";
 *
 * const seen: number[] = [];
 * for await (const value of toStream(interval(1).pipe(map((n) => n * 2)))) {
 *   seen.push(value);
 *   if (seen.length === 3) break; // unsubscribes
 * }
 * console.assert(seen.join() === "0,2,4");
 * ```
 */
export function toStream<T>(observable: Observable<T>, options?: ToStreamOptions<T>): EventIterator<T> {
  if (typeof (observable as Partial<Observable<T>> | null | undefined)?.pipe !== "function")
    throw invalidType("observable", "an observable of RxJS", observable);
  requireKnownOptions(options, known, "toStream");
  const { onUndelivered, ...rest } = options ?? {};
  if (onUndelivered !== undefined) requireFunction(onUndelivered, "options.onUndelivered");
  const events = new Events<T>();
  const iterator = on<[T]>(events, "next", {
    ...rest,
    ...{ end: ["complete"], reject: ["error"] },
    onUndelivered: onUndelivered && (([value]) => onUndelivered(value)),
  });
  events.subscribe(observable);
  return new Values(iterator);
}

/** The first argument of each event. */
class Values<T> implements EventIterator<T> {
  readonly #events: EventIterator<[T]>;
  constructor(events: EventIterator<[T]>) {
    this.#events = events;
  }
  async next(): Promise<IteratorResult<T, undefined>> {
    const { done, value } = await this.#events.next();
    return done ? { done, value: undefined } : { done: false, value: (value as [T])[0] }; // not the end
  }
  return(): Promise<IteratorResult<T, undefined>> {
    return this.#events.return(undefined) as Promise<IteratorReturnResult<undefined>>; // the end
  }
  throw(error: unknown): Promise<IteratorResult<T, undefined>> {
    return this.#events.throw(error) as Promise<IteratorReturnResult<undefined>>; // the end
  }
  [Symbol.asyncIterator](): this {
    return this;
  }
  [Symbol.dispose](): void {
    this.#events[Symbol.dispose]();
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }
}
