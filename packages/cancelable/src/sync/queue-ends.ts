import { invalidType } from "../arguments.ts";
import { report } from "../reporter.ts";
import { UsageError } from "../usage-error.ts";
import { Arm, type Selectable } from "./arm.ts";
import { Queue } from "./queue.ts";
import { untilClosed } from "./queue-closed.ts";
import type { WaitOptions } from "./wait-options.ts";
import type { EndableWait } from "./wait-queue.ts";

type Kind = "sender" | "receiver";
type Closable = Pick<Queue<unknown>, "close" | "closeReceiving">;

/** The number of open handles of each end, by queue. */
const openHandles = { sender: new WeakMap<object, number>(), receiver: new WeakMap<object, number>() };

/** The state of a handle. A separate object, so that the end can be closed after the handle was garbage-collected. */
class HandleState {
  /** Weak: the registry of lost handles must not keep the queue alive. */
  readonly #queue: WeakRef<Closable>;
  readonly kind: Kind;
  isOpen = true;

  constructor(queue: Closable, kind: Kind) {
    this.#queue = new WeakRef(queue);
    this.kind = kind;
    openHandles[kind].set(queue, (openHandles[kind].get(queue) ?? 0) + 1);
  }

  /** Closes the handle; the last open handle closes the end of the queue. Returns false if the queue no longer exists. */
  close(): boolean {
    this.isOpen = false;
    const queue = this.#queue.deref();
    if (queue === undefined) return false;
    const open = (openHandles[this.kind].get(queue) as number) - 1; // the constructor counted this handle
    openHandles[this.kind].set(queue, open);
    if (open > 0) return true;
    if (this.kind === "sender") queue.close();
    else queue.closeReceiving();
    return true;
  }
}

/** Closes handles that were garbage-collected while open. Otherwise the other end of the queue would wait forever. */
const lost = new FinalizationRegistry<HandleState>((state) => {
  if (!state.close()) return;
  const message = `A ${state.kind} of a queue was garbage-collected while open. Close it, or declare it with "using"`;
  report(new Error(message), "a queue");
});

abstract class QueueEnd<T> implements Disposable {
  protected readonly queue: Queue<T>;
  readonly #state: HandleState;
  readonly #waits = new Set<EndableWait>();

  constructor(queue: Queue<T>, kind: Kind) {
    if (!(queue instanceof Queue)) throw invalidType("queue", "a Queue", queue);
    this.queue = queue;
    this.#state = new HandleState(queue, kind);
    lost.register(this, this.#state, this);
  }

  /** Whether this handle is closed. The end of the queue may still be open through other handles. */
  get isClosed(): boolean {
    return !this.#state.isOpen;
  }

  /**
   * Closes this handle: its waits reject with a `UsageError` `ERR_CLOSED`. The last open handle closes the end of the
   * queue.
   */
  close(): void {
    if (!this.#state.isOpen) return;
    lost.unregister(this);
    this.#state.close();
    for (const wait of this.#waits) wait.fail(this.closedError());
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** @internal */
  track(wait: EndableWait & { readonly promise: Promise<unknown> }): void {
    this.#waits.add(wait);
    const remove = (): void => void this.#waits.delete(wait);
    wait.promise.then(remove, remove);
  }

  /** @internal */
  rejectIfClosed(): Promise<never> | undefined {
    return this.#state.isOpen ? undefined : Promise.reject(this.closedError());
  }

  /** The arm of a `select` on this handle. It ends with an error when the handle is closed. */
  protected armFor<V>(of: Arm<V>): Arm<V> {
    return new Arm(
      (node) => {
        this.requireOpen();
        return of.poll(node);
      },
      (receiver) => {
        const place = of.line({
          get task() {
            return receiver.task;
          },
          resolve: (value) => {
            this.#waits.delete(wait);
            receiver.resolve(value);
          },
          reject: (error) => {
            this.#waits.delete(wait);
            receiver.reject(error);
          },
        });
        const withdraw = (): void => {
          this.#waits.delete(wait);
          place.withdraw();
        };
        const wait: EndableWait = {
          fail: (error) => {
            withdraw();
            receiver.reject(error);
          },
        };
        this.#waits.add(wait);
        return { withdraw };
      },
    );
  }

  protected closedError(): UsageError {
    return new UsageError("ERR_CLOSED", `This ${this.#state.kind} of the queue`);
  }

  protected requireOpen(): void {
    if (!this.#state.isOpen) throw this.closedError();
  }
}

/**
 * A handle of the sending end of a queue (trio: `MemorySendChannel`). The end is closed when all its handles are
 * closed. Each producer closes its own handle, and the loop of the consumer ends after the last one.
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

  /**
   * Returns a new handle of the same end.
   *
   * @throws UsageError `ERR_CLOSED` when this handle is closed.
   */
  clone(): QueueSender<T> {
    this.requireOpen();
    return new QueueSender(this.queue);
  }

  /** As {@link Queue.put}. Rejects with a `UsageError` `ERR_CLOSED` when this handle is closed, also during the wait. */
  put(item: T, options?: WaitOptions): Promise<void> {
    return this.queue.putFor(this, item, options);
  }

  /** As {@link Queue.putting}. */
  putting(item: T): Selectable<void> {
    return { arm: this.armFor(this.queue.putting(item).arm) };
  }

  /** As {@link Queue.putNowait}. */
  putNowait(item: T): void {
    this.requireOpen();
    this.queue.putNowait(item);
  }
}

/**
 * A handle of the receiving end of a queue (trio: `MemoryReceiveChannel`). The end is closed when all its handles
 * are closed. After that, `put` rejects instead of waiting for consumers that no longer exist.
 */
export class QueueReceiver<T> extends QueueEnd<T> implements AsyncIterable<T>, Selectable<T> {
  constructor(queue: Queue<T>) {
    super(queue, "receiver");
  }

  /**
   * Returns a new handle of the same end.
   *
   * @throws UsageError `ERR_CLOSED` when this handle is closed.
   */
  clone(): QueueReceiver<T> {
    this.requireOpen();
    return new QueueReceiver(this.queue);
  }

  /** As {@link Queue.get}. Rejects with a `UsageError` `ERR_CLOSED` when this handle is closed, also during the wait. */
  get(options?: WaitOptions): Promise<T> {
    return this.queue.getFor(this, options);
  }

  /** For `select`, which takes the first item. Not for user code. */
  get arm(): Arm<T> {
    return this.armFor(this.queue.arm);
  }

  /** As {@link Queue.getNowait}. */
  getNowait(): T {
    this.requireOpen();
    return this.queue.getNowait();
  }

  /** Yields the items until the sending end is closed and the queue is empty. Leaving the loop keeps the handle open. */
  [Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    return untilClosed(this);
  }
}
