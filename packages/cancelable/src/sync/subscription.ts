/*
 * The end of a broadcast at which one subscriber takes the items.
 *
 *  B1  Every subscription gets an item in the same synchronous step, so all see one order. The step runs no user code.
 *      Callbacks of the user run in a microtask afterwards.
 *  B2  The broadcast counts the subscriptions that are full and have the rule "wait". While there is one, nothing is
 *      published. A subscription reports each change before the broadcast looks at the count. In the step of B1 a
 *      subscription can become full and never get room, so no other item is published in it.
 */

import { LagError } from "../lag-error.ts";
import { currentNode } from "../scope/ambient.ts";
import { withEarlyReturn } from "../scope/closing-generator.ts";
import { resolveFairly } from "../scope/fair-turn.ts";
import type { ScopeNode } from "../scope/scope-node.ts";
import { rejectIfCancelled } from "../scope/waiting.ts";
import type { Cancellation } from "../token/cancellation.ts";
import { Waiter } from "../token/tree.ts";
import { serveAfterMarking } from "../token/wave.ts";
import { UsageError } from "../usage-error.ts";
import { Arm, type Selectable, wouldWait } from "./arm.ts";
import { Fifo } from "./items.ts";
import { LineOwner } from "./line-owner.ts";
import { QueueClosedError, untilClosed } from "./queue-closed.ts";
import { type WaitOptions, waitNode } from "./wait-options.ts";
import { WaitQueue } from "./wait-queue.ts";

/** @internal The parsed options of a subscription. The callbacks do not throw. */
export interface SubscriptionRules<T> {
  readonly capacity: number;
  readonly lag: "wait" | "drop-oldest" | "drop-newest" | "fail";
  readonly onLag: ((missed: number) => void) | undefined;
  readonly onUndelivered: ((item: T, why: "overflow" | "closed") => void) | undefined;
}

/** @internal A broadcast, as its subscriptions see it. */
export interface Hub<T> {
  /** The number of items that were published. */
  readonly published: number;
  /** A subscription has become full, or is no longer full (B2). */
  countFull(change: 1 | -1): void;
  /** Publishes the first waiting item to all others, and returns it, if only `by` has no room for it. */
  pull(by: Subscription<T>): T | typeof wouldWait;
  /** A subscription has become empty. */
  emptied(): void;
  remove(subscription: Subscription<T>): void;
}

const closed = (): UsageError => new UsageError("ERR_CLOSED", "The subscription");

/** Ends a subscription with the scope that it belongs to. */
class ScopeEnd extends Waiter {
  readonly #end: (error: () => unknown) => void;

  constructor(node: ScopeNode, end: (error: () => unknown) => void) {
    super();
    this.#end = end;
    node.wait(this);
  }

  override reached(cancellation: Cancellation): void {
    this.#end(() => cancellation.error);
  }

  override nodeClosed(): void {
    this.#end(() => new UsageError("ERR_CLOSED", "The subscription", "its scope has ended"));
  }
}

/**
 * The items of a {@link Broadcast} for one subscriber, from {@link Broadcast.subscribe}. It ends when it is closed, when
 * its scope ends, and when a loop over it is left.
 */
export class Subscription<T> extends LineOwner implements AsyncIterable<T>, Selectable<T>, Disposable {
  readonly #hub: Hub<T>;
  readonly #rules: SubscriptionRules<T>;
  readonly #items = new Fifo<T>();
  readonly #getters = new WaitQueue<T>(this);
  readonly #scopeEnd: ScopeEnd;
  /** The error of `get` when there are no items and there will be none. */
  #end: (() => unknown) | undefined;
  #isStopped = false;
  #isFull = false;
  #missed = 0;
  /** The number of items that were published before the first one that was missed, for the rule "fail". */
  #failedAt: number | undefined;

  /** @internal */
  constructor(hub: Hub<T>, rules: SubscriptionRules<T>, node: ScopeNode, replayed: Iterable<T>) {
    super();
    this.#hub = hub;
    this.#rules = rules;
    for (const item of replayed) this.#items.add(item);
    this.#scopeEnd = new ScopeEnd(node, (error) => this.#endWithScope(error));
    this.#update();
  }

  /** The number of items that can be taken without waiting. */
  get size(): number {
    return this.#items.size;
  }

  /** The number of items that this subscription has missed because it was full. */
  get missed(): number {
    return this.#failedAt === undefined ? this.#missed : this.#hub.published - this.#failedAt;
  }

  /** The number of waiting `get` calls. */
  override get waiting(): number {
    return this.#getters.size;
  }

  /** @internal Whether the broadcast has to wait for this subscription (B2). */
  get isFull(): boolean {
    return this.#isFull;
  }

  /**
   * Takes the next item; waits while there is none. A checkpoint. A cancelled `get` takes nothing.
   *
   * @throws QueueClosedError when the broadcast is closed and all items were taken; LagError when the subscription was full
   * and has the rule `"fail"`; UsageError `ERR_CLOSED` when the subscription is closed.
   */
  get(options?: WaitOptions): Promise<T> {
    const node = options === undefined ? currentNode() : waitNode(options, "get");
    if (node instanceof Promise) return node;
    const rejected = rejectIfCancelled(node);
    if (rejected !== undefined) return rejected;
    try {
      const taken = this.#poll();
      if (taken !== wouldWait) return resolveFairly(node, taken);
    } catch (error) {
      return Promise.reject(error);
    }
    const { promise } = this.#getters.join(node, undefined);
    this.#update();
    return promise;
  }

  /** Ends the subscription: waiting `get` calls reject, and the items that are left go to `onUndelivered`. */
  close(): void {
    if (this.#isStopped) return;
    this.#stop(closed);
    this.serve();
  }

  /** As {@link close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * Yields the items until the broadcast or the subscription is closed. Throws a {@link LagError} when the subscription was
   * full and has the rule `"fail"`. Leaving the loop closes the subscription.
   */
  [Symbol.asyncIterator](): AsyncGenerator<T, undefined, undefined> {
    return withEarlyReturn(this.#read(), async () => this.close());
  }

  override rejectWaiters(error: unknown): void {
    this.#getters.rejectAll(() => error);
    this.#update();
    this.tellIdle();
  }

  protected override get isIdle(): boolean {
    return this.size === 0 && this.#getters.size === 0;
  }

  /** For `select`, which takes the next item. Not for user code. */
  get arm(): Arm<T> {
    return new Arm(
      () => this.#poll(),
      (receiver) => {
        const place = this.#getters.stand(receiver, undefined);
        // Not at once: without capacity, a waiting reader makes room, but this `select` does not stand in all its lines yet.
        queueMicrotask(() => this.#update());
        return place;
      },
    );
  }

  /** @internal Gives the subscription an item (B1). */
  accept(item: T): void {
    const { capacity, lag } = this.#rules;
    const getter = this.#getters.shift();
    if (getter !== undefined) getter.resolve(item);
    // With the rule "wait", the items can exceed the capacity: the `select` that made room has just been served elsewhere.
    else if (lag === "wait" || this.size < capacity) this.#items.add(item);
    else this.#miss(item, lag);
    this.#update();
    this.tellIdle();
  }

  /** @internal The broadcast is closed. The items that are left can still be taken. */
  finish(): void {
    this.#end = () => new QueueClosedError("sender", "broadcast");
    this.#update();
    this.#getters.rejectAll(this.#end);
    this.tellIdle();
  }

  /** @internal Entries have left the line, or the subscription has ended. */
  override serve(): void {
    if (this.#isStopped) this.#getters.rejectAll(this.#end as () => unknown); // set by #stop
    this.#update();
    this.tellIdle();
  }

  #poll(): T | typeof wouldWait {
    if (this.size > 0) {
      const item = this.#items.take();
      this.#update();
      if (this.size === 0) {
        this.tellIdle();
        this.#hub.emptied();
      }
      return item;
    }
    if (this.#end !== undefined) throw this.#end();
    return this.#rules.capacity === 0 ? this.#hub.pull(this) : wouldWait;
  }

  async *#read(): AsyncGenerator<T, undefined, undefined> {
    try {
      yield* untilClosed(this);
    } catch (error) {
      if (this.#end !== closed || !(error instanceof UsageError)) throw error;
    } finally {
      this.close();
    }
    return undefined;
  }

  #miss(item: T, lag: "drop-oldest" | "drop-newest" | "fail"): void {
    const { onLag, onUndelivered } = this.#rules;
    if (lag === "fail") {
      this.#failedAt = this.#hub.published - 1; // this item is already counted
      this.#end = () => new LagError(this.missed, "The subscription");
      this.#hub.remove(this);
    } else {
      this.#missed++;
      let dropped = item;
      if (lag === "drop-oldest") {
        dropped = this.#items.take();
        this.#items.add(item);
      }
      if (onUndelivered !== undefined) queueMicrotask(() => onUndelivered(dropped, "overflow"));
    }
    const { missed } = this;
    if (onLag !== undefined) queueMicrotask(() => onLag(missed));
  }

  /** The scope was cancelled, or has ended. Called during a wave: a `get` of the same wave rejects by itself. */
  #endWithScope(error: () => unknown): void {
    this.#stop(error);
    serveAfterMarking(this);
  }

  #stop(end: () => unknown): void {
    this.#isStopped = true;
    this.#end = end;
    this.#scopeEnd.remove();
    this.#hub.remove(this);
    const { onUndelivered } = this.#rules;
    const left = this.#items.clear();
    if (onUndelivered === undefined || left.length === 0) return;
    queueMicrotask(() => {
      for (const item of left) onUndelivered(item, "closed");
    });
  }

  /** Tells the broadcast when the subscription becomes full, when it is no longer full (B2), and when it has come to its end. */
  #update(): void {
    if (this.#end !== undefined && this.size === 0) {
      // Its reader may keep a subscription that has come to its end, and the scope may live long.
      this.#scopeEnd.remove();
      this.#hub.remove(this);
    }
    const { capacity, lag } = this.#rules;
    const isFull =
      lag === "wait" && this.#end === undefined && this.size >= capacity && this.#getters.size === 0;
    if (isFull === this.#isFull) return;
    this.#isFull = isFull;
    this.#hub.countFull(isFull ? 1 : -1);
  }
}
