/*
 * A line of entries that wait for a primitive.
 *
 *  W1  A primitive takes an entry out of its line and settles the entry in one synchronous step, with no user code
 *      between. So an entry in a line is not settled yet, and an entry that was served is in no line.
 *  W2  An entry that settles withdraws the other entries of its receiver from their lines, in the same step. So one receiver
 *      can stand in several lines and is served once.
 *  W3  A primitive is consistent before it settles an entry: settling can change other lines, and can change the places
 *      of the same receiver in this line.
 *  W4  When an entry leaves a line unserved, the owner of the line serves again: after the wave that cancelled the entry
 *      has marked everything, and before any user code. Otherwise the entries behind it would wait for room that is
 *      there, or would get a value while the same wave cancels them.
 */

import { keepPlace, placesAreKept } from "../place.ts";
import type { ScopeNode } from "../scope/scope-node.ts";
import { PromiseWaiter } from "../scope/waiting.ts";
import { leaveTogether, serveAfterMarking } from "../token/wave.ts";

/** The receiver of a value that a primitive hands over. Neither function runs user code (W1). */
export interface Receiver<T> {
  /** The task of the scope in which the receiver waits now. A lease that is handed over belongs to this task. */
  readonly task: object | undefined;
  resolve(value: T): void;
  reject(error: unknown): void;
}

/** An entry in a {@link WaitQueue}, with a payload for the queue's owner. In one queue at a time. */
export interface LineEntry<T, P = undefined> extends Receiver<T> {
  readonly payload: P;
  /** The neighbours in the queue. */
  before: LineEntry<T, P> | undefined;
  after: LineEntry<T, P> | undefined;
}

/** A place in a line, as its holder sees it. */
export interface LinePlace {
  /** Leaves the line, which keeps its order. Does nothing for an entry that was served or rejected. */
  withdraw(): void;
}

/** An entry whose promise the caller awaits. */
export class QueuedWaiter<T, P> extends PromiseWaiter<T> implements LineEntry<T, P> {
  readonly payload: P;
  before: LineEntry<T, P> | undefined = undefined;
  after: LineEntry<T, P> | undefined = undefined;
  readonly #queue: WaitQueue<T, P>;

  constructor(node: ScopeNode, queue: WaitQueue<T, P>, payload: P) {
    super(node);
    this.#queue = queue;
    this.payload = payload;
    if (placesAreKept) keepPlace(this);
  }

  get task(): object | undefined {
    return (this.node as ScopeNode | undefined)?.task;
  }

  /** Removes the waiter from the queue and rejects its promise. Does nothing if the promise has settled. */
  fail(error: unknown): void {
    this.#queue.leave(this);
    this.reject(error);
  }

  override withdraw(): void {
    this.#queue.leave(this);
  }

  /** Removes a cancelled waiter from the queue at once, so that no value is handed to it. */
  override cut(error: unknown): void {
    this.withdraw();
    super.cut(error);
  }
}

/** An entry for a receiver that makes its own promise, and may stand in other lines too. */
class ReceiverEntry<T, P> implements LineEntry<T, P>, LinePlace {
  readonly payload: P;
  before: LineEntry<T, P> | undefined = undefined;
  after: LineEntry<T, P> | undefined = undefined;
  readonly #queue: WaitQueue<T, P>;
  readonly #receiver: Receiver<T>;

  constructor(queue: WaitQueue<T, P>, receiver: Receiver<T>, payload: P) {
    this.#queue = queue;
    this.#receiver = receiver;
    this.payload = payload;
  }

  get task(): object | undefined {
    return this.#receiver.task;
  }

  resolve(value: T): void {
    this.#receiver.resolve(value);
  }

  reject(error: unknown): void {
    this.#receiver.reject(error);
  }

  withdraw(): void {
    this.#queue.leave(this);
  }
}

/**
 * A queue of entries, served in order of arrival. A value belongs to the receiver as soon as it is handed over, before
 * the waiting code runs. A waiter that was cancelled before that is no longer in the queue.
 */
export class WaitQueue<T, P = undefined> {
  #first: LineEntry<T, P> | undefined;
  #last: LineEntry<T, P> | undefined;
  #size = 0;
  readonly #owner: { serve(): void } | undefined;
  /** Whether the owner will be called because entries have left (W4). */
  #isLeft = false;

  /** @param owner Is called when an entry has left unserved (W4). */
  constructor(owner?: { serve(): void }) {
    this.#owner = owner;
  }

  get size(): number {
    return this.#size;
  }

  /** The entry that is served next. */
  get first(): LineEntry<T, P> | undefined {
    return this.#first;
  }

  /** Adds a waiter at the end of the queue. A cancellation of `node` removes it. */
  join(node: ScopeNode, payload: P): QueuedWaiter<T, P> {
    const waiter = new QueuedWaiter<T, P>(node, this, payload);
    this.add(waiter);
    return waiter;
  }

  /** Adds an entry for a receiver at the end of the queue. */
  stand(receiver: Receiver<T>, payload: P): LinePlace {
    const entry = new ReceiverEntry<T, P>(this, receiver, payload);
    this.add(entry);
    return entry;
  }

  /** Adds an entry at the end of the queue. */
  add(entry: LineEntry<T, P>): void {
    const last = this.#last;
    entry.before = last;
    if (last === undefined) this.#first = entry;
    else last.after = entry;
    this.#last = entry;
    this.#size++;
  }

  /** Removes and returns the first entry. The caller settles it (W1). */
  shift(): LineEntry<T, P> | undefined {
    const entry = this.#first;
    if (entry !== undefined) this.#remove(entry);
    return entry;
  }

  /** Removes an entry that is not served (W4). */
  leave(entry: LineEntry<T, P>): void {
    if (!this.#remove(entry) || this.#owner === undefined || this.#isLeft) return;
    this.#isLeft = true;
    serveAfterMarking(this);
  }

  serve(): void {
    this.#isLeft = false;
    this.#owner?.serve();
  }

  /** Rejects the entries that are in the queue now, or those of them whose payload `which` chooses. */
  rejectAll(error: () => unknown, which?: (payload: P) => boolean): void {
    const entries: LineEntry<T, P>[] = [];
    for (let entry = this.#first; entry !== undefined; entry = entry.after) entries.push(entry);
    // The entries leave together: an entry that withdraws a further one (W2) must not let the owner serve a third one instead.
    leaveTogether(() => {
      for (const entry of entries)
        if ((which === undefined || which(entry.payload)) && this.#remove(entry)) entry.reject(error());
    });
  }

  /** Returns false if the entry is not in the queue. */
  #remove(entry: LineEntry<T, P>): boolean {
    const { before, after } = entry;
    if (before === undefined) {
      if (this.#first !== entry) return false;
      this.#first = after;
    } else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    entry.before = entry.after = undefined;
    this.#size--;
    return true;
  }
}

/** A wait that the caller can end. */
export interface EndableWait {
  fail(error: unknown): void;
}
