import { invalidType, requireCount, requireFunction } from "../arguments.ts";
import { currentNode } from "../scope/ambient.ts";
import type { ScopeNode } from "../scope/scope-node.ts";
import { refusePromise } from "../scope/waiting.ts";
import { UsageError } from "../usage-error.ts";
import type { AcquireOptions } from "./demand.ts";
import type { Lease } from "./lease.ts";
import { LineOwner } from "./line-owner.ts";
import { Lock } from "./lock.ts";
import { type WaitOptions, waitNode } from "./wait-options.ts";
import { WaitQueue } from "./wait-queue.ts";

/**
 * A condition variable: a lock, and a wait that releases the lock until another task calls `notify()`.
 *
 * @example
 * ```ts
 * import { Condition, taskGroup } from "@hother/cancelable";
 *
 * const condition = new Condition();
 * let items = 0;
 * await taskGroup(async (group) => {
 *   group.startSoon(async () => {
 *     using lease = await condition.acquire();
 *     await condition.waitUntil(() => items > 0);
 *   });
 *   group.startSoon(async () => {
 *     using lease = await condition.acquire();
 *     items++;
 *     condition.notify();
 *   });
 * });
 * ```
 */
export class Condition extends LineOwner {
  /** The lock of this condition. */
  readonly lock: Lock;
  readonly #waiters = new WaitQueue<PromiseLike<Lease>, Lease>(this);

  /** @param lock The lock to use. Several conditions may share one. Default: a new lock. */
  constructor(lock?: Lock) {
    super();
    if (lock !== undefined && !(lock instanceof Lock)) throw invalidType("lock", "a Lock", lock);
    this.lock = lock ?? new Lock();
  }

  /** The number of waiters for a notification. */
  override get waiting(): number {
    return this.#waiters.size;
  }

  /** As {@link Lock.acquire}. */
  acquire(options?: AcquireOptions): Promise<Lease> {
    return this.lock.acquire(options);
  }

  /** As {@link Lock.acquireNowait}. */
  acquireNowait(): Lease {
    return this.lock.acquireNowait();
  }

  /** As {@link Lock.release}. */
  release(): void {
    this.lock.release();
  }

  /**
   * Rejects with `error` the calls that wait for a notification now, when they have acquired the lock again. For calls that
   * wait for the lock there is `condition.lock.rejectWaiters(error)`.
   */
  override rejectWaiters(error: unknown): void {
    this.#waiters.rejectAll(() => error);
    this.tellIdle();
  }

  /** Waits until no call waits for a notification. The lock has a `whenIdle` of its own. A checkpoint. */
  override whenIdle(options?: WaitOptions): Promise<void> {
    return super.whenIdle(options);
  }

  protected override get isIdle(): boolean {
    return this.#waiters.size === 0;
  }

  /**
   * Releases the lock, waits for a notification, and acquires the lock again. The caller holds the lock again also
   * when the wait throws a cancellation.
   */
  async wait(options?: WaitOptions): Promise<void> {
    const node = options === undefined ? currentNode() : waitNode(options, "wait");
    if (node instanceof Promise) return node;
    node.check();
    const lease = this.lock.suspend();
    const waiter = this.#waiters.join(node, lease);
    this.lock.attach(this.#waiters);
    try {
      await waiter.promise;
    } catch (error) {
      // If acquiring fails too, the first error is the one to throw.
      await this.lock.requeue(lease, node).catch(() => {});
      throw error;
    } finally {
      if (this.#waiters.size === 0) this.lock.detach(this.#waiters);
    }
  }

  /**
   * Waits until `predicate` returns a truthy value, and returns this value. The predicate is called with the lock held.
   * It must not return a promise, which would always be truthy.
   */
  async waitUntil<T>(predicate: () => T, options?: WaitOptions): Promise<T> {
    requireFunction(predicate, "predicate");
    for (let result = predicate(); ; result = predicate()) {
      refusePromise(result, "predicate", predicate);
      if (result) return result;
      await this.wait(options);
    }
  }

  /** Wakes the first `count` waiters. Each continues when it has acquired the lock again. */
  notify(count = 1): void {
    requireCount(count, "count", 1);
    if (!this.lock.isHeldHere) throw new UsageError("ERR_NOT_HELD", "The lock of the condition");
    for (let i = 0; i < count; i++) {
      const waiter = this.#waiters.shift();
      if (waiter === undefined) break;
      waiter.resolve(this.lock.requeue(waiter.payload, currentNode()));
    }
    this.tellIdle();
  }

  /** Wakes all waiters, as {@link notify} does. */
  notifyAll(): void {
    this.notify(Number.POSITIVE_INFINITY);
  }
}
