import type { Clock } from "../runtime/clock.ts";
import { currentNode } from "../scope/ambient.ts";
import { waitIn } from "../scope/waiting.ts";
import { UsageError } from "../usage-error.ts";
import { copyOf } from "./snapshot.ts";
import type { OperationEvent } from "./store.ts";

/** An event in the line of those that wait for the reader. */
interface Place {
  event: OperationEvent;
  /** Set if it is progress. */
  readonly pace: Pace | undefined;
  next: Place | undefined;
}

/** How the progress of one operation is told. */
interface Pace {
  /** It stands in the line, to be overtaken by the next. */
  unread: Place | undefined;
  /** When the next may be told, since one was read. */
  until: number;
  /** What waits for that. */
  held: OperationEvent | undefined;
  alarm: Disposable | undefined;
}

/**
 * One reader of events. A slow one loses no beginning and no end, and of an operation's progress between two
 * other events has the newest only; a fast one gets an operation's progress at most once in `throttle` ms.
 */
export class Watcher implements AsyncIterableIterator<OperationEvent> {
  readonly #clock: Clock = currentNode().clock;
  readonly #throttle: number;
  readonly #closed: (watcher: Watcher) => void;
  #first: Place | undefined;
  #last: Place | undefined;
  readonly #paces = new Map<unknown, Pace>();
  #wake: (() => void) | undefined;
  #over = false;

  constructor(throttle: number, closed: (watcher: Watcher) => void) {
    this.#throttle = throttle;
    this.#closed = closed;
  }

  /** @param key Whose event it is: several operations may have the same id. */
  push(event: OperationEvent, key: unknown): void {
    if (event.type === "progress") {
      this.#pushProgress(event, key);
      return;
    }
    // Every event has the whole operation: the progress that was held back is in this one.
    this.forget(key);
    this.#append(event);
  }

  /** Tells no more of an operation's progress than stands in the line. */
  forget(key: unknown): void {
    this.#paces.get(key)?.alarm?.[Symbol.dispose]();
    this.#paces.delete(key);
  }

  #pushProgress(event: OperationEvent, key: unknown): void {
    let pace = this.#paces.get(key);
    if (pace === undefined) {
      pace = { unread: undefined, until: Number.NEGATIVE_INFINITY, held: undefined, alarm: undefined };
      this.#paces.set(key, pace);
    }
    if (pace.unread !== undefined) pace.unread.event = event;
    else if (this.#clock.now() >= pace.until) this.#tell(event, pace);
    else {
      pace.held = event;
      if (pace.until !== Number.POSITIVE_INFINITY) pace.alarm ??= this.#tellLater(pace);
    }
  }

  #tell(event: OperationEvent, pace: Pace): void {
    pace.alarm?.[Symbol.dispose]();
    pace.alarm = pace.held = undefined;
    pace.unread = this.#append(event, pace);
  }

  #tellLater(pace: Pace): Disposable {
    // Something is held as long as the alarm is set.
    return this.#clock.setAlarm(pace.until, () => this.#tell(pace.held as OperationEvent, pace));
  }

  #append(event: OperationEvent, pace?: Pace): Place {
    const place: Place = { event, pace, next: undefined };
    if (this.#last === undefined) this.#first = place;
    else this.#last.next = place;
    this.#last = place;
    this.#wake?.();
    return place;
  }

  async next(): Promise<IteratorResult<OperationEvent, undefined>> {
    if (this.#wake !== undefined) throw new UsageError("ERR_BUSY", "The watcher");
    const node = currentNode();
    try {
      node.check();
      while (this.#first === undefined && !this.#over) {
        const news = new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        await waitIn(node, news);
      }
    } catch (error) {
      // A loop does not call `return()` after a read that rejected: nobody would.
      this.#stop();
      throw error;
    } finally {
      this.#wake = undefined;
    }
    const place = this.#first;
    if (place === undefined) return { done: true, value: undefined };
    this.#first = place.next;
    if (this.#first === undefined) this.#last = undefined;
    if (place.pace !== undefined) {
      place.pace.unread = undefined;
      place.pace.until = this.#clock.now() + this.#throttle;
    }
    const { type, operation } = place.event;
    return { done: false, value: { type, operation: copyOf(operation) } };
  }

  /** Stops watching. */
  return(): Promise<IteratorResult<OperationEvent, undefined>> {
    this.#stop();
    return Promise.resolve({ done: true, value: undefined });
  }

  #stop(): void {
    this.#over = true;
    for (const key of [...this.#paces.keys()]) this.forget(key);
    this.#first = this.#last = undefined;
    this.#closed(this);
    this.#wake?.();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
