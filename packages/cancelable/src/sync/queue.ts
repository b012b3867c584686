/*
 * The queue. This file is long because the class has two ends and `join`, and their lines change in the same steps.
 */

import { outOfRange, requireCount, requireOneOf } from "../arguments.ts";
import { markCopy } from "../copy.ts";
import { guardCallback } from "../guard-callback.ts";
import { requireKnownOptions } from "../known-options.ts";
import { currentNode } from "../scope/ambient.ts";
import { resolveFairly } from "../scope/fair-turn.ts";
import { rejectIfCancelled } from "../scope/waiting.ts";
import { UsageError } from "../usage-error.ts";
import { Arm, type Selectable, wouldWait } from "./arm.ts";
import { Fifo, type Items } from "./items.ts";
import { LineOwner } from "./line-owner.ts";
import { QueueClosedError, untilClosed } from "./queue-closed.ts";
import type { QueueOptions } from "./queue-options.ts";
import { type WaitOptions, waitNode } from "./wait-options.ts";
import { type EndableWait, type LineEntry, WaitQueue } from "./wait-queue.ts";

/** @internal A sender or receiver of the queue. It ends its waits when it is closed. */
export interface QueueHandle {
  track(wait: EndableWait & { readonly promise: Promise<unknown> }): void;
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
export class Queue<T> extends LineOwner implements AsyncIterable<T>, Selectable<T>, Disposable {
  /** The most items that the queue holds. */
  readonly capacity: number;
  readonly #items: Items<T>;
  readonly #getters = new WaitQueue<T>(this);
  readonly #putters = new WaitQueue<void, T>(this);
  readonly #joiners = new WaitQueue<void>(this);
  readonly #overflow: QueueOptions["overflow"];
  readonly #undelivered: ((item: T, why: "overflow" | "closed") => void) | undefined;
  /** The number of items that were taken and are not done. */
  #taken = 0;
  #closedBy: "sender" | "receiver" | undefined;

  /**
   * @param capacity The most items that the queue holds: a whole number of at least 0, or Infinity. Default: Infinity.
   * @throws RangeError for a capacity of 0 with a rule that drops: there is nothing to drop.
   */
  constructor(capacity?: number, options?: QueueOptions<T>);
  /** @internal */
  constructor(capacity: number | undefined, options: QueueOptions<T> | undefined, items: Items<T>);
  constructor(
    capacity: number = Number.POSITIVE_INFINITY,
    options?: QueueOptions<T>,
    items: Items<T> = new Fifo(),
  ) {
    super();
    requireCount(capacity, "capacity", 0);
    requireKnownOptions(options, { overflow: 1, onUndelivered: 1 }, "Queue");
    const { overflow = "wait", onUndelivered } = options ?? {};
    requireOneOf(overflow, "options.overflow", ["wait", "drop-oldest", "drop-newest", "refuse"]);
    if (capacity === 0 && overflow.startsWith("drop"))
      throw outOfRange("capacity", `at least 1 with the rule "${overflow}"`, capacity);
    this.capacity = capacity;
    this.#overflow = overflow;
    this.#undelivered = guardCallback(onUndelivered, "onUndelivered");
    this.#items = items;
  }

  /** The number of items in the queue. */
  get size(): number {
    return this.#items.size;
  }

  /** Whether one of the ends was closed. */
  get isClosed(): boolean {
    return this.#closedBy !== undefined;
  }

  /** The number of waiting `put`, `get` and `join` calls. */
  override get waiting(): number {
    return this.#putters.size + this.#getters.size + this.#joiners.size;
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
   * Adds an item. While the queue is full, it waits or follows the rule in `overflow`. A checkpoint. A cancelled `put`
   * adds nothing.
   *
   * @throws QueueClosedError when the queue is closed; a `UsageError` `ERR_WOULD_BLOCK` when it is full and refuses.
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
    try {
      if (this.#accept(item)) return resolveFairly(node, undefined);
    } catch (error) {
      return Promise.reject(error);
    }
    if (this.#overflow === "refuse") return Promise.reject(new UsageError("ERR_WOULD_BLOCK", "Queue"));
    const waiter = this.#putters.join(node, item);
    handle?.track(waiter);
    return waiter.promise;
  }

  /** The arm of a `select` that adds `item`. */
  putting(item: T): Selectable<void> {
    return {
      arm: new Arm(
        () => {
          if (this.#closedBy !== undefined) throw new QueueClosedError(this.#closedBy);
          if (this.#accept(item)) return undefined;
          if (this.#overflow === "refuse") throw new UsageError("ERR_WOULD_BLOCK", "Queue");
          return wouldWait;
        },
        (receiver) => this.#putters.stand(receiver, item),
      ),
    };
  }

  /** Adds an item at once; throws a `UsageError` `ERR_WOULD_BLOCK` when the queue is full and drops nothing. */
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
    try {
      if (this.#available) return resolveFairly(node, this.#take());
    } catch (error) {
      return Promise.reject(error);
    }
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

  /** For `select`, which takes the first item. Not for user code. */
  get arm(): Arm<T> {
    return new Arm(
      () => {
        if (this.#available) return this.#take();
        if (this.#closedBy !== undefined) throw new QueueClosedError(this.#closedBy);
        return wouldWait;
      },
      (receiver) => this.#getters.stand(receiver, undefined),
    );
  }

  /**
   * Says that the work for one taken item is done. For {@link join}.
   *
   * @throws UsageError `ERR_RELEASED_TOO_OFTEN` when the work for all taken items is done already.
   */
  done(): void {
    if (this.#taken === 0) throw new UsageError("ERR_RELEASED_TOO_OFTEN", "Queue", "more done() than get()");
    this.#taken--;
    this.#endJoins();
  }

  /**
   * Waits until the queue is empty and {@link done} was called for every item that was taken. A checkpoint. The items of
   * waiting `put` calls do not count, nor do items that were dropped.
   */
  join(options?: WaitOptions): Promise<void> {
    const node = options === undefined ? currentNode() : waitNode(options, "join");
    if (node instanceof Promise) return node;
    const rejected = rejectIfCancelled(node);
    if (rejected !== undefined) return rejected;
    return this.#isDone ? resolveFairly(node, undefined) : this.#joiners.join(node, undefined).promise;
  }

  /** Closes the sending end: `put` rejects. When the remaining items have been taken, `get` rejects and loops end. */
  close(): void {
    if (this.#closedBy !== undefined) return;
    this.#closedBy = "sender";
    this.#putters.rejectAll(() => new QueueClosedError("sender"));
    this.#getters.rejectAll(() => new QueueClosedError("sender"));
    this.tellIdle();
  }

  /**
   * Closes the receiving end: all `put` and `get` calls reject, waiting ones too. The remaining items are dropped and go
   * to `onUndelivered`.
   */
  closeReceiving(): void {
    if (this.#closedBy === "receiver") return;
    this.#closedBy = "receiver";
    const dropped = this.#items.clear();
    this.#putters.rejectAll(() => new QueueClosedError("receiver"));
    this.#getters.rejectAll(() => new QueueClosedError("receiver"));
    this.#endJoins();
    this.tellIdle();
    if (this.#undelivered !== undefined) for (const item of dropped) this.#undelivered(item, "closed");
  }

  /** Rejects all waiting `put`, `get` and `join` calls with `error`. The queue stays open and keeps its items. */
  override rejectWaiters(error: unknown): void {
    for (const line of [this.#putters, this.#getters, this.#joiners]) line.rejectAll(() => error);
    this.tellIdle();
  }

  protected override get isIdle(): boolean {
    return this.size === 0 && this.waiting === 0;
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

  get #isDone(): boolean {
    return this.size === 0 && this.#taken === 0;
  }

  #endJoins(): void {
    if (!this.#isDone) return;
    for (let joiner = this.#joiners.shift(); joiner !== undefined; joiner = this.#joiners.shift())
      joiner.resolve();
    this.tellIdle();
  }

  /**
   * Hands the item to a getter, adds it, or drops an item. Returns false if the item has to wait or is refused.
   *
   * @throws The error of the order of a priority queue. Then nothing has changed.
   */
  #accept(item: T): boolean {
    const getter = this.#getters.shift();
    if (getter !== undefined) {
      this.#taken++;
      getter.resolve(item);
      this.tellIdle();
    } else if (this.size < this.capacity) this.#items.add(item);
    else if (this.#overflow === "drop-newest") this.#undelivered?.(item, "overflow");
    else if (this.#overflow === "drop-oldest") {
      const oldest = this.#items.take();
      this.#items.add(item);
      this.#undelivered?.(oldest, "overflow");
    } else return false;
    return true;
  }

  /** Takes the first item. The caller has checked that the queue has an item. @throws As {@link #accept}. */
  #take(): T {
    if (this.size > 0) {
      const item = this.#items.take();
      this.#taken++;
      if (this.#putters.size > 0) this.#refill();
      this.tellIdle();
      return item;
    }
    const putter = this.#putters.shift() as LineEntry<void, T>; // without items, the caller has seen a putter
    this.#taken++;
    putter.resolve();
    this.tellIdle();
    return putter.payload;
  }

  /** Adds the items of waiting `put` calls while there is room. */
  #refill(): void {
    while (this.size < this.capacity) {
      const putter = this.#putters.shift();
      if (putter === undefined) return;
      try {
        this.#items.add(putter.payload);
      } catch (error) {
        putter.reject(error);
        continue;
      }
      putter.resolve();
    }
  }
}
markCopy(Queue);
