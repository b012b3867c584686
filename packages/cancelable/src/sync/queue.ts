import { requireCount } from "../arguments.ts";
import { currentNode } from "../scope/ambient.ts";
import { resolveFairly } from "../scope/fair-turn.ts";
import { rejectIfCancelled } from "../scope/waiting.ts";
import { UsageError } from "../usage-error.ts";
import { type WaitOptions, waitNode } from "./wait-options.ts";
import { type EndableWait, WaitQueue } from "./wait-queue.ts";

/** The queue is closed. By the sender: `get` rejects when the queue is empty as well. By the receiver: at once. */
export class QueueClosedError extends Error {
  readonly code = "ERR_CLOSED";
  readonly by: "sender" | "receiver";
  constructor(by: "sender" | "receiver") {
    super(`The queue was closed by its ${by}`);
    this.name = "QueueClosedError";
    this.by = by;
  }
}

/** @internal Yields the items until the sending end is closed and the queue is empty. */
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

/** @internal A sender or receiver of the queue. It ends its waits when it is closed. */
export interface QueueHandle {
  track(wait: EndableWait): void;
  /** Looked at after the cancellation of the scope. */
  rejectIfClosed(): Promise<never> | undefined;
}

/**
 * A queue of items between tasks, with backpressure: `put` waits while the queue is full. With capacity 0 every
 * `put` waits for a `get` (a rendezvous). Items and waiters are served in order. A cancelled wait loses no item.
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
  /** The most items that the queue holds. */
  readonly capacity: number;
  readonly #items: T[] = [];
  /** Index of the first item. Removing it is O(1); the array is compacted from time to time. */
  #head = 0;
  readonly #getters = new WaitQueue<T>();
  readonly #putters = new WaitQueue<void, T>();
  #closedBy: "sender" | "receiver" | undefined;

  /** @param capacity The most items that the queue holds: a whole number of at least 0, or Infinity. Default: Infinity. */
  constructor(capacity: number = Number.POSITIVE_INFINITY) {
    requireCount(capacity, "capacity", 0);
    this.capacity = capacity;
  }

  /** The number of items in the queue. */
  get size(): number {
    return this.#items.length - this.#head;
  }

  /** Whether one of the ends was closed. */
  get isClosed(): boolean {
    return this.#closedBy !== undefined;
  }

  /** The number of waiting `put` calls. */
  get waitingPutters(): number {
    return this.#putters.size;
  }

  /** The number of waiting `get` calls. */
  get waitingGetters(): number {
    return this.#getters.size;
  }

  /**
   * Adds an item; waits while the queue is full. A checkpoint. A cancelled `put` adds nothing.
   *
   * @throws QueueClosedError when the queue is closed.
   */
  put(item: T, options?: WaitOptions): Promise<void> {
    return this.putFor(undefined, item, options);
  }

  /** @internal {@link put} for a sender, which ends the wait when it is closed. */
  putFor(handle: QueueHandle | undefined, item: T, options: WaitOptions | undefined): Promise<void> {
    const node = options === undefined ? currentNode() : waitNode(options, "put");
    if (node instanceof Promise) return node;
    const rejected = rejectIfCancelled(node) ?? handle?.rejectIfClosed();
    if (rejected !== undefined) return rejected;
    if (this.#closedBy !== undefined) return Promise.reject(new QueueClosedError(this.#closedBy));
    if (this.#accept(item)) return resolveFairly(node, undefined);
    const waiter = this.#putters.join(node, item);
    handle?.track(waiter);
    return waiter.promise;
  }

  /** Adds an item at once; throws a `UsageError` `ERR_WOULD_BLOCK` when the queue is full. */
  putNowait(item: T): void {
    if (this.#closedBy !== undefined) throw new QueueClosedError(this.#closedBy);
    if (!this.#accept(item)) throw new UsageError("ERR_WOULD_BLOCK", "Queue");
  }

  /**
   * Takes the first item; waits while the queue is empty. A checkpoint. A cancelled `get` takes nothing.
   *
   * @throws QueueClosedError when the queue is closed and empty.
   */
  get(options?: WaitOptions): Promise<T> {
    return this.getFor(undefined, options);
  }

  /** @internal {@link get} for a receiver, which ends the wait when it is closed. */
  getFor(handle: QueueHandle | undefined, options: WaitOptions | undefined): Promise<T> {
    const node = options === undefined ? currentNode() : waitNode(options, "get");
    if (node instanceof Promise) return node;
    const rejected = rejectIfCancelled(node) ?? handle?.rejectIfClosed();
    if (rejected !== undefined) return rejected;
    if (this.#available) return resolveFairly(node, this.#take());
    if (this.#closedBy !== undefined) return Promise.reject(new QueueClosedError(this.#closedBy));
    const waiter = this.#getters.join(node, undefined);
    handle?.track(waiter);
    return waiter.promise;
  }

  /** Takes the first item at once; throws a `UsageError` `ERR_WOULD_BLOCK` when the queue is empty. */
  getNowait(): T {
    if (this.#available) return this.#take();
    if (this.#closedBy !== undefined) throw new QueueClosedError(this.#closedBy);
    throw new UsageError("ERR_WOULD_BLOCK", "Queue");
  }

  /** Closes the sending end: `put` rejects. When the remaining items have been taken, `get` rejects and loops end. */
  close(): void {
    if (this.#closedBy !== undefined) return;
    this.#closedBy = "sender";
    this.#putters.rejectAll(() => new QueueClosedError("sender"));
    this.#getters.rejectAll(() => new QueueClosedError("sender"));
  }

  /** Closes the receiving end: the remaining items are dropped, and all `put` and `get` calls reject, waiting ones too. */
  closeReceiving(): void {
    if (this.#closedBy === "receiver") return;
    this.#closedBy = "receiver";
    this.#items.length = this.#head = 0;
    this.#putters.rejectAll(() => new QueueClosedError("receiver"));
    this.#getters.rejectAll(() => new QueueClosedError("receiver"));
  }

  /** As {@link close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Yields the items until the queue is closed and empty. Several loops share the items. Leaving a loop keeps the rest. */
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

  /** Takes the first item, and puts the item of the first waiting `put` into the free place at once. */
  #take(): T {
    const putter = this.#putters.shift();
    if (this.size === 0 && putter !== undefined) {
      putter.resolve();
      return putter.payload;
    }
    const item = this.#items[this.#head] as T;
    this.#items[this.#head++] = undefined as T; // do not keep the item alive
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
