import { invalidType } from "../arguments.ts";
import { report } from "../reporter.ts";
import { UsageError } from "../usage-error.ts";
import { Queue, untilClosed, type Withdrawable } from "./queue.ts";

type Kind = "sender" | "receiver";
type Closable = Pick<Queue<unknown>, "close" | "closeReceiving">;

/** How many handles of each end are open. */
const openHandles = { sender: new WeakMap<object, number>(), receiver: new WeakMap<object, number>() };

/** What a handle has open; kept apart from it, so that it can be closed when the handle is gone. */
class Hold {
  /** Weak: a queue that is gone with its handles keeps nobody waiting. */
  readonly #queue: WeakRef<Closable>;
  readonly kind: Kind;
  isOpen = true;

  constructor(queue: Closable, kind: Kind) {
    this.#queue = new WeakRef(queue);
    this.kind = kind;
    openHandles[kind].set(queue, (openHandles[kind].get(queue) ?? 0) + 1);
  }

  /** The last handle to close closes the queue's end. False, and nothing, when there is no queue any more. */
  release(): boolean {
    this.isOpen = false;
    const queue = this.#queue.deref();
    if (queue === undefined) return false;
    const left = (openHandles[this.kind].get(queue) as number) - 1; // this one was counted
    openHandles[this.kind].set(queue, left);
    if (left > 0) return true;
    if (this.kind === "sender") queue.close();
    else queue.closeReceiving();
    return true;
  }
}

/** Whoever waits at the other end of a lost handle would wait for ever. */
const lost = new FinalizationRegistry<Hold>((hold) => {
  if (!hold.release()) return;
  const message = `A ${hold.kind} of a queue was collected without having been closed. Close it, or declare it with "using"`;
  report(new Error(message), "a queue");
});

abstract class QueueEnd<T> implements Disposable {
  protected readonly queue: Queue<T>;
  readonly #hold: Hold;
  readonly #waits = new Set<Withdrawable>();

  constructor(queue: Queue<T>, kind: Kind) {
    if (!(queue instanceof Queue)) throw invalidType("queue", "a Queue", queue);
    this.queue = queue;
    this.#hold = new Hold(queue, kind);
    lost.register(this, this.#hold, this);
  }

  /** Whether this handle was closed. The end that it belongs to may still be open. */
  get isClosed(): boolean {
    return !this.#hold.isOpen;
  }

  /** Closes this handle: who waits through it gets a `UsageError` `ERR_CLOSED`. The last one closes the end. */
  close(): void {
    if (!this.#hold.isOpen) return;
    lost.unregister(this);
    this.#hold.release();
    for (const waiter of this.#waits) waiter.withdraw(this.closedError());
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** @internal */
  waits(waiter: Withdrawable): void {
    this.#waits.add(waiter);
    const drop = (): void => void this.#waits.delete(waiter);
    waiter.promise.then(drop, drop);
  }

  protected closedError(): UsageError {
    return new UsageError("ERR_CLOSED", `This ${this.#hold.kind} of the queue`);
  }

  protected requireOpen(): void {
    if (!this.#hold.isOpen) throw this.closedError();
  }
}

/**
 * One of several handles of a queue's sending end, which is closed when all of them are (trio's
 * `MemorySendChannel`): each producer closes its own, and the consumer's loop ends after the last one.
 *
 * @example
 * ```ts
 * import { Queue, QueueSender, taskGroup } from "@hother/cancelable";
 *
 * const queue = new Queue<number>(2);
 * const seen: number[] = [];
 * await taskGroup(async (group) => {
 *   using first = new QueueSender(queue);
 *   for (let producer = 0; producer < 3; producer++) {
 *     group.startSoon(async (sender) => {
 *       using _own = sender;
 *       await sender.put(producer);
 *     }, first.clone());
 *   }
 *   first.close();
 *   for await (const item of queue) seen.push(item);
 * });
 * console.assert(seen.length === 3);
 * ```
 */
export class QueueSender<T> extends QueueEnd<T> {
  constructor(queue: Queue<T>) {
    super(queue, "sender");
  }

  /** @throws UsageError `ERR_CLOSED` when this one is closed. */
  clone(): QueueSender<T> {
    this.requireOpen();
    return new QueueSender(this.queue);
  }

  /** As {@link Queue.put}; rejects with a `UsageError` `ERR_CLOSED` when this handle is closed, also while it waits. */
  async put(item: T): Promise<void> {
    this.requireOpen();
    return this.queue.putFor(this, item);
  }

  /** As {@link Queue.putNowait}. */
  putNowait(item: T): void {
    this.requireOpen();
    this.queue.putNowait(item);
  }
}

/**
 * One of several handles of a queue's receiving end, which is closed when all of them are: then `put`
 * rejects, instead of waiting for consumers that have gone (trio's `MemoryReceiveChannel`).
 */
export class QueueReceiver<T> extends QueueEnd<T> implements AsyncIterable<T> {
  constructor(queue: Queue<T>) {
    super(queue, "receiver");
  }

  /** @throws UsageError `ERR_CLOSED` when this one is closed. */
  clone(): QueueReceiver<T> {
    this.requireOpen();
    return new QueueReceiver(this.queue);
  }

  /** As {@link Queue.get}; rejects with a `UsageError` `ERR_CLOSED` when this handle is closed, also while it waits. */
  async get(): Promise<T> {
    this.requireOpen();
    return this.queue.getFor(this);
  }

  /** As {@link Queue.getNowait}. */
  getNowait(): T {
    this.requireOpen();
    return this.queue.getNowait();
  }

  /** The items until the sending end is closed and the queue empty. Leaving early leaves the handle open. */
  [Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    return untilClosed(this);
  }
}
