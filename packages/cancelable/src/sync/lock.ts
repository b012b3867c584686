import { followsAwait } from "#platform/ambient";
import { requireFunction } from "../arguments.ts";
import { currentNode } from "../scope/ambient.ts";
import { rootOf } from "../scope/root.ts";
import type { ScopeNode } from "../scope/scope-node.ts";
import type { TaskHandle } from "../scope/task.ts";
import { rejectIfCancelled } from "../scope/waiting.ts";
import { UsageError } from "../usage-error.ts";
import { Lease, withLease } from "./lease.ts";
import { WaitQueue } from "./wait-queue.ts";

/** Who waits for a lock, and which lease it is to get back (a condition's waiter had one before). */
interface Claim {
  readonly task: TaskHandle<unknown> | undefined;
  readonly lease: Lease | undefined;
}

/**
 * Mutual exclusion over awaits, strictly first come, first served. Inside a task of a group the task
 * owns the lock: it may not acquire it twice, and a task that ends with it breaks it for the others.
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
  readonly #waiters = new WaitQueue<Lease, Claim>();
  readonly #conditions: Array<{ rejectAll(error: () => unknown): void }> = [];

  get isLocked(): boolean {
    return this.#lease !== undefined;
  }

  /**
   * @internal Whether the current task holds it; outside of any task, whether anybody there does. Where the
   * host does not know the current task after an `await`, whether anybody does.
   */
  get isHeldHere(): boolean {
    return this.#lease !== undefined && (!followsAwait || this.#lease.holder === currentNode().task);
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /** Waits for the lock. A checkpoint; cancelled while waiting, it leaves the line. */
  acquire(): Promise<Lease> {
    const node = currentNode();
    const rejected = rejectIfCancelled(node);
    if (rejected !== undefined) return rejected;
    const task = node.task as TaskHandle<unknown> | undefined;
    if (this.#lease === undefined && !this.#broken) return Promise.resolve(this.#grant(task, undefined));
    try {
      this.#requireUsable(task);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#waiters.join(node, { task, lease: undefined }).promise;
  }

  /** The lock at once, or a `UsageError` with code `ERR_WOULD_BLOCK`. */
  acquireNowait(): Lease {
    const task = currentNode().task as TaskHandle<unknown> | undefined;
    this.#requireUsable(task);
    if (this.#lease !== undefined) throw new UsageError("ERR_WOULD_BLOCK", "Lock");
    return this.#grant(task, undefined);
  }

  /** Gives the lock to the first waiter. Only for who holds it: a `UsageError` else. */
  release(): void {
    if (!this.isHeldHere) throw new UsageError("ERR_NOT_HELD", "Lock");
    (this.#lease as Lease)[Symbol.dispose]();
  }

  /** Runs `body` with the lock. */
  async run<T>(body: () => T | PromiseLike<T>): Promise<T> {
    requireFunction(body, "body");
    return withLease(this.acquire(), body);
  }

  /** @internal */
  giveBack(lease: Lease): void {
    if (this.#lease !== lease) return;
    this.#pass(lease);
  }

  /** @internal Lets go for a condition's wait: the lease stays the caller's, to be had again by {@link requeue}. */
  suspend(): Lease {
    if (!this.isHeldHere) throw new UsageError("ERR_NOT_HELD", "Lock");
    const lease = this.#lease as Lease;
    this.#pass(lease);
    return lease;
  }

  /** @internal Joins the line again, out of reach of any cancellation. */
  requeue(lease: Lease, node: ScopeNode): Promise<Lease> {
    const task = lease.holder as TaskHandle<unknown> | undefined;
    try {
      this.#requireHeld(lease);
      if (this.#broken) throw new UsageError("ERR_BROKEN", "Lock");
    } catch (error) {
      return Promise.reject(error);
    }
    if (this.#lease === undefined) return Promise.resolve(this.#grant(task, lease));
    return this.#waiters.join(rootOf(node.clock), { task, lease }).promise;
  }

  /** @internal The owning task ended with the lock (trio: a broken lock). */
  ownerEnded(): void {
    this.#broken = true;
    this.#lease = undefined;
    for (const line of [this.#waiters, ...this.#conditions])
      line.rejectAll(() => new UsageError("ERR_BROKEN", "Lock"));
  }

  /** @internal Those in `line` wait for a condition of this lock. */
  serve(line: { rejectAll(error: () => unknown): void }): void {
    this.#conditions.push(line);
  }

  #pass(lease: Lease): void {
    (lease.holder as TaskHandle<unknown> | undefined)?.held?.delete(this);
    this.#lease = undefined;
    for (let next = this.#waiters.shift(); next !== undefined; next = this.#waiters.shift()) {
      const { task, lease: before } = next.payload;
      try {
        this.#requireHeld(before);
      } catch (error) {
        next.reject(error);
        continue;
      }
      next.resolve(this.#grant(task, before));
      return;
    }
  }

  /** A lease that was given back during a condition's wait is not had again: nobody would give it back. */
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

  #requireUsable(task: TaskHandle<unknown> | undefined): void {
    if (this.#broken) throw new UsageError("ERR_BROKEN", "Lock");
    if (task !== undefined && this.#lease?.holder === task) throw new UsageError("ERR_ALREADY_HELD", "Lock");
  }
}
