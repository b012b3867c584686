import type { ScopeNode } from "../scope/scope-node.ts";
import { PromiseWaiter } from "../scope/waiting.ts";
import type { Cancellation } from "../token/cancellation.ts";

/** Somebody in a {@link WaitQueue}, with what it brought along. */
export class QueuedWaiter<T, P> extends PromiseWaiter<T> {
  readonly payload: P;
  /** The queue's links. */
  before: QueuedWaiter<T, P> | undefined = undefined;
  after: QueuedWaiter<T, P> | undefined = undefined;
  readonly #queue: WaitQueue<T, P>;

  constructor(node: ScopeNode, queue: WaitQueue<T, P>, payload: P) {
    super(node);
    this.#queue = queue;
    this.payload = payload;
  }

  /** Out of the line, with an error. Does nothing to one that was served. */
  withdraw(error: unknown): void {
    this.#queue.remove(this);
    this.reject(error);
  }

  /** Cancelled while waiting: out of the line in the same moment, so that nothing is handed to it. */
  override reached(cancellation: Cancellation): void {
    this.#queue.remove(this);
    super.reached(cancellation);
  }
}

/**
 * A line of waiters, served in order of arrival. What is handed over belongs to the waiter before it
 * runs; whoever was cancelled first is not in the line any more.
 */
export class WaitQueue<T, P = undefined> {
  #first: QueuedWaiter<T, P> | undefined;
  #last: QueuedWaiter<T, P> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Joins the end of the line; a cancellation of `node` takes it out again. */
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

  /** Takes the first one out, for the caller to settle. */
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
