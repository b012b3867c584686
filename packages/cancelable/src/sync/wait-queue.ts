import type { ScopeNode } from "../scope/scope-node.ts";
import { PromiseWaiter } from "../scope/waiting.ts";
import type { Cancellation } from "../token/cancellation.ts";

/** A waiter in a {@link WaitQueue}, with a payload of the queue's owner. */
export class QueuedWaiter<T, P> extends PromiseWaiter<T> {
  readonly payload: P;
  /** The neighbours in the queue. */
  before: QueuedWaiter<T, P> | undefined = undefined;
  after: QueuedWaiter<T, P> | undefined = undefined;
  readonly #queue: WaitQueue<T, P>;

  constructor(node: ScopeNode, queue: WaitQueue<T, P>, payload: P) {
    super(node);
    this.#queue = queue;
    this.payload = payload;
  }

  /** The task of the scope in which the waiter waits now. A value that is handed over belongs to this task. */
  get task(): object | undefined {
    return (this.node as ScopeNode | undefined)?.task;
  }

  /** Removes the waiter from the queue and rejects its promise. Does nothing if the promise has settled. */
  fail(error: unknown): void {
    this.#queue.remove(this);
    this.reject(error);
  }

  /** Removes a cancelled waiter from the queue at once, so that no value is handed to it. */
  override reached(cancellation: Cancellation): void {
    this.#queue.remove(this);
    super.reached(cancellation);
  }
}

/**
 * A queue of waiters, served in order of arrival. A value belongs to the waiter as soon as it is handed over, before
 * the waiting code runs. A waiter that was cancelled before that is no longer in the queue.
 */
export class WaitQueue<T, P = undefined> {
  #first: QueuedWaiter<T, P> | undefined;
  #last: QueuedWaiter<T, P> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds a waiter at the end of the queue. A cancellation of `node` removes it. */
  join(node: ScopeNode, payload: P): QueuedWaiter<T, P> {
    const waiter = new QueuedWaiter<T, P>(node, this, payload);
    const last = this.#last;
    waiter.before = last;
    if (last === undefined) this.#first = waiter;
    else last.after = waiter;
    this.#last = waiter;
    this.#size++;
    return waiter;
  }

  /** Removes and returns the first waiter. The caller settles it. */
  shift(): QueuedWaiter<T, P> | undefined {
    const waiter = this.#first;
    if (waiter !== undefined) this.remove(waiter);
    return waiter;
  }

  remove(waiter: QueuedWaiter<T, P>): void {
    const { before, after } = waiter;
    if (before === undefined) {
      if (this.#first !== waiter) return;
      this.#first = after;
    } else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    waiter.before = waiter.after = undefined;
    this.#size--;
  }

  rejectAll(error: () => unknown): void {
    for (let waiter = this.shift(); waiter !== undefined; waiter = this.shift()) waiter.reject(error());
  }
}

/** A waiter that the caller can end. */
export type EndableWait = Pick<QueuedWaiter<unknown, unknown>, "promise" | "fail">;
