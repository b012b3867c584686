import { requireCount } from "../arguments.ts";
import { toMilliseconds } from "../duration.ts";
import { requireKnownOptions } from "../known-options.ts";
import type { Clock } from "../runtime/clock.ts";
import { ambientNode, currentNode } from "../scope/ambient.ts";
import { waitIn } from "../scope/waiting.ts";
import { UsageError } from "../usage-error.ts";
import type { WatchOptions } from "./options.ts";
import { copyOf } from "./snapshot.ts";
import type { OperationEvent } from "./store.ts";

/** The events of a registry, until the loop is left or the watcher is disposed of. */
export interface OperationWatcher extends AsyncIterableIterator<OperationEvent>, AsyncDisposable, Disposable {
  [Symbol.asyncIterator](): OperationWatcher;
}

/** An entry in the queue of events that have not been read. */
interface QueuedEvent {
  event: OperationEvent;
  /** Set for progress. */
  readonly throttle: Throttle | undefined;
  next: QueuedEvent | undefined;
}

/** Limits the progress events of one operation. */
interface Throttle {
  /** The progress in the queue. Newer progress replaces its event. */
  queued: QueuedEvent | undefined;
  /** The earliest time for the next progress event. */
  nextAt: number;
  /** The newest progress before that time. */
  delayed: OperationEvent | undefined;
  alarm: Disposable | undefined;
}

/**
 * One reader of events. A slow reader gets every event except progress; of the progress of an operation between two
 * other events it gets the newest. A fast reader gets at most one progress event of an operation per `interval`. A
 * reader that does not read loses the oldest events when there are more than `buffer`.
 */
export class Watcher implements OperationWatcher {
  readonly #clock: Clock = ambientNode().clock;
  readonly #interval: number;
  readonly #buffer: number;
  readonly #watchers: Set<Watcher>;
  /** The number of events in the queue. */
  #size = 0;
  /** The number of events that were dropped since the last event that was read. */
  #dropped = 0;
  #first: QueuedEvent | undefined;
  #last: QueuedEvent | undefined;
  readonly #throttles = new Map<unknown, Throttle>();
  /** Ends the wait of `next()`. Set while `next()` waits. */
  #wake: (() => void) | undefined;
  #isClosed = false;

  /** @param watchers Contains the watcher until it is closed. */
  constructor(watchers: Set<Watcher>, { throttle = 100, buffer = 10_000 }: WatchOptions) {
    this.#interval = toMilliseconds(throttle, "options.throttle");
    requireCount(buffer, "options.buffer", 1);
    this.#buffer = buffer;
    this.#watchers = watchers;
    watchers.add(this);
  }

  /** @param key Identifies the operation. The id does not suffice: several operations can have the same id. */
  push(event: OperationEvent, key: unknown): void {
    if (event.type === "progress") {
      this.#pushProgress(event, key);
      return;
    }
    // The delayed progress is discarded, because the snapshot of this event contains the same progress.
    this.removeThrottle(key);
    this.#append(event);
  }

  /** Discards the delayed progress of an operation. Events that are already in the queue stay. */
  removeThrottle(key: unknown): void {
    this.#throttles.get(key)?.alarm?.[Symbol.dispose]();
    this.#throttles.delete(key);
  }

  #pushProgress(event: OperationEvent, key: unknown): void {
    let throttle = this.#throttles.get(key);
    if (throttle === undefined) {
      throttle = {
        queued: undefined,
        nextAt: Number.NEGATIVE_INFINITY,
        delayed: undefined,
        alarm: undefined,
      };
      this.#throttles.set(key, throttle);
    }
    if (throttle.queued !== undefined) throttle.queued.event = event;
    else if (this.#clock.now() >= throttle.nextAt) this.#appendProgress(event, throttle);
    else {
      throttle.delayed = event;
      if (throttle.nextAt !== Number.POSITIVE_INFINITY) throttle.alarm ??= this.#appendLater(throttle);
    }
  }

  #appendProgress(event: OperationEvent, throttle: Throttle): void {
    throttle.alarm?.[Symbol.dispose]();
    throttle.alarm = throttle.delayed = undefined;
    throttle.queued = this.#append(event, throttle);
  }

  #appendLater(throttle: Throttle): Disposable {
    // `delayed` is set as long as the alarm is set.
    return this.#clock.setAlarm(throttle.nextAt, () =>
      this.#appendProgress(throttle.delayed as OperationEvent, throttle),
    );
  }

  #append(event: OperationEvent, throttle?: Throttle): QueuedEvent {
    if (this.#size >= this.#buffer) {
      this.#shift();
      this.#dropped++;
    }
    const queued: QueuedEvent = { event, throttle, next: undefined };
    this.#size++;
    if (this.#last === undefined) this.#first = queued;
    else this.#last.next = queued;
    this.#last = queued;
    this.#wake?.();
    return queued;
  }

  /** Removes the oldest event. */
  #shift(): QueuedEvent | undefined {
    const first = this.#first;
    if (first === undefined) return undefined;
    this.#size--;
    this.#first = first.next;
    if (this.#first === undefined) this.#last = undefined;
    if (first.throttle !== undefined) first.throttle.queued = undefined;
    return first;
  }

  async next(): Promise<IteratorResult<OperationEvent, undefined>> {
    if (this.#wake !== undefined) throw new UsageError("ERR_BUSY", "The watcher");
    const node = currentNode();
    try {
      node.check();
      while (this.#first === undefined && !this.#isClosed) {
        const woken = new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        await waitIn(node, woken);
      }
    } catch (error) {
      // A `for await` loop does not call `return()` after `next()` has rejected.
      this.#close();
      throw error;
    } finally {
      this.#wake = undefined;
    }
    const first = this.#shift();
    if (first === undefined) return { done: true, value: undefined };
    if (first.throttle !== undefined) first.throttle.nextAt = this.#clock.now() + this.#interval;
    const { type, operation } = first.event;
    const dropped = this.#dropped;
    this.#dropped = 0;
    const value = { type, operation: copyOf(operation) };
    return { done: false, value: dropped === 0 ? value : { ...value, dropped } };
  }

  // As in a generator: the value goes to the caller, for instance to `yield*`.
  async return(value?: undefined | PromiseLike<undefined>): Promise<IteratorReturnResult<undefined>> {
    this.#close();
    return { done: true, value: await value };
  }

  /** Ends the subscription and rejects with `error`. */
  throw(error: unknown): Promise<never> {
    this.#close();
    return Promise.reject(error);
  }

  [Symbol.dispose](): void {
    this.#close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#close();
    return Promise.resolve();
  }

  #close(): void {
    this.#isClosed = true;
    for (const key of [...this.#throttles.keys()]) this.removeThrottle(key);
    this.#first = this.#last = undefined;
    this.#size = 0;
    this.#watchers.delete(this);
    this.#wake?.();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** @internal Adds a watcher with these options to `watchers`. */
export function watchIn(watchers: Set<Watcher>, options: WatchOptions | undefined): Watcher {
  requireKnownOptions(options, { throttle: 1, buffer: 1 }, "watch");
  return new Watcher(watchers, options ?? {});
}
