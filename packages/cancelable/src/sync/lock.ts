import { followsAwait } from "#platform/ambient";
import { requireFunction } from "../arguments.ts";
import { currentNode } from "../scope/ambient.ts";
import { resolveFairly } from "../scope/fair-turn.ts";
import { rootOf } from "../scope/root.ts";
import type { ScopeNode } from "../scope/scope-node.ts";
import type { TaskHandle } from "../scope/task.ts";
import { rejectIfCancelled } from "../scope/waiting.ts";
import { UsageError } from "../usage-error.ts";
import { Lease, withLease } from "./lease.ts";
import { reportSelfWait } from "./self-wait.ts";
import { type WaitOptions, waitNode } from "./wait-options.ts";
import { WaitQueue } from "./wait-queue.ts";

/** The waiters of a condition. */
interface Rejectable {
  rejectAll(error: () => unknown): void;
}

/**
 * Mutual exclusion across awaits, strictly first come, first served. A lease holds the lock: a second `acquire()` waits
 * until the first lease is released, also in the same task. A task that waits for its own lease for 5 s is reported. A
 * task of a group that ends without releasing its lease breaks the lock for all others.
 *
 * @example
 * ```ts
 * import { Lock } from "@hother/cancelable";
 *
 * const lock = new Lock();
 * {
 *   using lease = await lock.acquire();
 *   console.assert(lock.isLocked);
 * }
 * await lock.run(async () => console.assert(lock.isLocked));
 * console.assert(!lock.isLocked);
 * ```
 */
export class Lock {
  #lease: Lease | undefined;
  #broken = false;
  /** The payload is the lease that a waiter of a condition held before and gets back. */
  readonly #waiters = new WaitQueue<Lease, Lease | undefined>();
  /** The conditions with waiters for a notification. */
  #conditions: Set<Rejectable> | undefined;

  /** Whether the lock is held. */
  get isLocked(): boolean {
    return this.#lease !== undefined;
  }

  /**
   * @internal Whether the current task holds the lock; outside of tasks, whether code outside of tasks does. On hosts
   * that do not know the current task after an `await`: whether the lock is held at all.
   */
  get isHeldHere(): boolean {
    return this.#lease !== undefined && (!followsAwait || this.#lease.holder === currentNode().task);
  }

  /** The number of waiters. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /** Waits for the lock. A checkpoint. A cancelled wait does not take the lock. */
  acquire(options?: WaitOptions): Promise<Lease> {
    const node = options === undefined ? currentNode() : waitNode(options, "acquire");
    if (node instanceof Promise) return node;
    const rejected = rejectIfCancelled(node);
    if (rejected !== undefined) return rejected;
    if (this.#broken) return Promise.reject(new UsageError("ERR_BROKEN", "Lock"));
    const task = node.task as TaskHandle<unknown> | undefined;
    if (this.#lease === undefined) return resolveFairly(node, this.#grant(task, undefined));
    const { promise } = this.#waiters.join(node, undefined);
    if (task !== undefined && this.#lease.holder === task)
      reportSelfWait(this, {
        name: "Lock",
        clock: node.clock,
        wait: promise,
        waitsForItself: () => this.#lease?.holder === task,
      });
    return promise;
  }

  /** Takes the lock at once; throws a `UsageError` `ERR_WOULD_BLOCK` when it is held. */
  acquireNowait(): Lease {
    if (this.#broken) throw new UsageError("ERR_BROKEN", "Lock");
    if (this.#lease !== undefined) throw new UsageError("ERR_WOULD_BLOCK", "Lock");
    return this.#grant(currentNode().task as TaskHandle<unknown> | undefined, undefined);
  }

  /**
   * Releases the lock, and hands it to the first waiter.
   *
   * @throws UsageError `ERR_NOT_HELD` when the caller does not hold the lock.
   */
  release(): void {
    if (!this.isHeldHere) throw new UsageError("ERR_NOT_HELD", "Lock");
    (this.#lease as Lease).release();
  }

  /** Runs `body` with the lock. */
  async run<T>(body: () => T | PromiseLike<T>, options?: WaitOptions): Promise<T> {
    requireFunction(body, "body");
    return withLease(this.acquire(options), body);
  }

  /** @internal */
  releaseLease(lease: Lease): void {
    if (this.#lease !== lease) return;
    this.#pass(lease);
  }

  /**
   * @internal Releases the lock for the wait of a condition. The lease stays valid: {@link requeue} acquires the lock
   * for it again.
   */
  suspend(): Lease {
    if (!this.isHeldHere) throw new UsageError("ERR_NOT_HELD", "Lock");
    const lease = this.#lease as Lease;
    this.#pass(lease);
    return lease;
  }

  /** @internal Acquires the lock for a suspended lease. The wait is below the root scope, so no cancellation ends it. */
  requeue(lease: Lease, node: ScopeNode): Promise<Lease> {
    const task = lease.holder as TaskHandle<unknown> | undefined;
    try {
      this.#requireHeld(lease);
      if (this.#broken) throw new UsageError("ERR_BROKEN", "Lock");
    } catch (error) {
      return Promise.reject(error);
    }
    if (this.#lease === undefined) return Promise.resolve(this.#grant(task, lease));
    return this.#waiters.join(rootOf(node.clock), lease).promise;
  }

  /** @internal The owning task ended without releasing the lock (trio: a broken lock). */
  ownerEnded(): void {
    this.#broken = true;
    this.#lease = undefined;
    for (const waiters of [this.#waiters, ...(this.#conditions ?? [])])
      waiters.rejectAll(() => new UsageError("ERR_BROKEN", "Lock"));
  }

  /** @internal Registers the waiters of a condition, so that a broken lock rejects them too. */
  attach(waiters: Rejectable): void {
    this.#conditions ??= new Set();
    this.#conditions.add(waiters);
  }

  /** @internal The condition has no waiters any more. */
  detach(waiters: Rejectable): void {
    this.#conditions?.delete(waiters);
  }

  #pass(lease: Lease): void {
    (lease.holder as TaskHandle<unknown> | undefined)?.held?.delete(this);
    this.#lease = undefined;
    for (let next = this.#waiters.shift(); next !== undefined; next = this.#waiters.shift()) {
      const before = next.payload;
      try {
        this.#requireHeld(before);
      } catch (error) {
        next.reject(error);
        continue;
      }
      next.resolve(this.#grant((before?.holder ?? next.task) as TaskHandle<unknown> | undefined, before));
      return;
    }
  }

  /** Refuses a lease that was disposed of during the wait of a condition: no code would release the lock again. */
  #requireHeld(lease: Lease | undefined): void {
    if (lease?.isReleased) throw new UsageError("ERR_NOT_HELD", "Lock");
  }

  #grant(task: TaskHandle<unknown> | undefined, before: Lease | undefined): Lease {
    const lease = before ?? new Lease(this, task);
    this.#lease = lease;
    if (task !== undefined) {
      task.held ??= new Set();
      task.held.add(this);
    }
    return lease;
  }
}
