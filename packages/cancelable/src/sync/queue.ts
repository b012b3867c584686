import { requireCount } from "../arguments.ts";
import { currentNode } from "../scope/ambient.ts";
import { rejectIfCancelled } from "../scope/waiting.ts";
import { UsageError } from "../usage-error.ts";
import { WaitQueue } from "./wait-queue.ts";

/** The queue was closed: by the sending end, and drained; or by the receiving end. */
export class QueueClosedError extends Error {
  readonly code = "ERR_CLOSED";
  readonly by: "sender" | "receiver";
  constructor(by: "sender" | "receiver") {
    super(`The queue was closed by its ${by}`);
    this.name = "QueueClosedError";
    this.by = by;
  }
}

/** @internal What is got until the sending end is closed. */
export async function* untilClosed<T>(from: { get(): Promise<T> }): AsyncGenerator<T, void, undefined> {
  for (;;) {
    let item: T;
    try {
      item = await from.get();
    } catch (error) {
      if (error instanceof QueueClosedError && error.by === "sender") return;
      throw error;
    }
    yield item;
  }
}

/** @internal A wait that may be ended from outside. */
export interface Withdrawable {
  readonly promise: Promise<unknown>;
  withdraw(error: unknown): void;
}

/** @internal Who puts or gets on behalf of a user, and is told of each wait. */
export interface QueueHandle {
  waits(waiter: Withdrawable): void;
}

/**
 * A line of items between tasks, with backpressure: `put` waits while it is full. With capacity 0 every
 * `put` waits for its `get` (a rendezvous). Items and waiters are served in order; a wait that is
 * cancelled loses no item.
 *
 * @example
 * ```ts
 * import { Queue, taskGroup } from "@hother/cancelable";
 *
 * const queue = new Queue<number>(2);
 * const seen: number[] = [];
 * await taskGroup(async (group) => {
 *   group.startSoon(async () => {
 *     for (let i = 0; i < 5; i++) await queue.put(i);
 *     queue.close();
 *   });
 *   for await (const item of queue) seen.push(item);
 * });
 * console.assert(seen.join() === "0,1,2,3,4");
 * ```
 */
export class Queue<T> implements AsyncIterable<T>, Disposable {
  readonly capacity: number;
  readonly #items: T[] = [];
  /** Where the first item is: taking one off the front is O(1), and the array is compacted now and then. */
  #head = 0;
  readonly #getters = new WaitQueue<T>();
  readonly #putters = new WaitQueue<void, T>();
  #closedBy: "sender" | "receiver" | undefined;

  /** @param capacity How many items it holds: a whole number of at least 0, or Infinity. Default: Infinity. */
  constructor(capacity: number = Number.POSITIVE_INFINITY) {
    requireCount(capacity, "capacity", 0);
    this.capacity = capacity;
  }

  /** How many items it holds now. */
  get size(): number {
    return this.#items.length - this.#head;
  }

  get isClosed(): boolean {
    return this.#closedBy !== undefined;
  }

  /** How many wait to put. */
  get waitingPutters(): number {
    return this.#putters.size;
  }

  /** How many wait to get. */
  get waitingGetters(): number {
    return this.#getters.size;
  }

  /** Adds an item; waits while the queue is full. A checkpoint: cancelled, it has added nothing. */
  put(item: T): Promise<void> {
    return this.putFor(undefined, item);
  }

  /** @internal What a handle of the sending end does, which may be closed while it waits. */
  putFor(handle: QueueHandle | undefined, item: T): Promise<void> {
    const node = currentNode();
    const rejected = rejectIfCancelled(node);
    if (rejected !== undefined) return rejected;
    if (this.#closedBy !== undefined) return Promise.reject(new QueueClosedError(this.#closedBy));
    if (this.#accept(item)) return Promise.resolve();
    const waiter = this.#putters.join(node, item);
    handle?.waits(waiter);
    return waiter.promise;
  }

  /** Adds an item at once, or throws a `UsageError` with code `ERR_WOULD_BLOCK`. */
  putNowait(item: T): void {
    if (this.#closedBy !== undefined) throw new QueueClosedError(this.#closedBy);
    if (!this.#accept(item)) throw new UsageError("ERR_WOULD_BLOCK", "Queue");
  }

  /**
   * Takes the first item; waits for one. A checkpoint: cancelled, it has taken nothing.
   *
   * @throws QueueClosedError when the queue is closed and empty.
   */
  get(): Promise<T> {
    return this.getFor(undefined);
  }

  /** @internal What a handle of the receiving end does, which may be closed while it waits. */
  getFor(handle: QueueHandle | undefined): Promise<T> {
    const node = currentNode();
    const rejected = rejectIfCancelled(node);
    if (rejected !== undefined) return rejected;
    if (this.#available) return Promise.resolve(this.#take());
    if (this.#closedBy !== undefined) return Promise.reject(new QueueClosedError(this.#closedBy));
    const waiter = this.#getters.join(node, undefined);
    handle?.waits(waiter);
    return waiter.promise;
  }

  /** Takes the first item at once, or throws a `UsageError` with code `ERR_WOULD_BLOCK`. */
  getNowait(): T {
    if (this.#available) return this.#take();
    if (this.#closedBy !== undefined) throw new QueueClosedError(this.#closedBy);
    throw new UsageError("ERR_WOULD_BLOCK", "Queue");
  }

  /** The sending end: no more items. What is in the queue can still be taken; then `get` rejects and iteration ends. */
  close(): void {
    if (this.#closedBy !== undefined) return;
    this.#closedBy = "sender";
    this.#putters.rejectAll(() => new QueueClosedError("sender"));
    this.#getters.rejectAll(() => new QueueClosedError("sender"));
  }

  /** The receiving end: nobody takes any more. Items are dropped; `put` rejects, also for who waits. */
  closeReceiving(): void {
    if (this.#closedBy === "receiver") return;
    this.#closedBy = "receiver";
    this.#items.length = this.#head = 0;
    this.#putters.rejectAll(() => new QueueClosedError("receiver"));
    this.#getters.rejectAll(() => new QueueClosedError("receiver"));
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** The items until the queue is closed and empty. Several readers share them; leaving early leaves the rest. */
  [Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    return untilClosed(this);
  }

  get #available(): boolean {
    return this.size > 0 || this.#putters.size > 0;
  }

  #accept(item: T): boolean {
    const getter = this.#getters.shift();
    if (getter !== undefined) {
      getter.resolve(item);
      return true;
    }
    if (this.size >= this.capacity) return false;
    this.#items.push(item);
    return true;
  }

  /** Takes the first item; the slot that it leaves belongs to the first putter at once. */
  #take(): T {
    const putter = this.#putters.shift();
    if (this.size === 0 && putter !== undefined) {
      putter.resolve();
      return putter.payload;
    }
    const item = this.#items[this.#head] as T;
    this.#items[this.#head++] = undefined as T; // let go of it
    if (this.#head === this.#items.length) this.#items.length = this.#head = 0;
    else if (this.#head > 1_000 && this.#head * 2 > this.#items.length) {
      this.#items.splice(0, this.#head);
      this.#head = 0;
    }
    if (putter !== undefined) {
      this.#items.push(putter.payload);
      putter.resolve();
    }
    return item;
  }
}
