import { followsAwait } from "#platform/ambient";
import { requireFunction } from "../arguments.ts";
import { markCopy } from "../copy.ts";
import type { KnownOptions } from "../known-options.ts";
import { currentNode } from "../scope/ambient.ts";
import { rootOf } from "../scope/root.ts";
import type { ScopeNode } from "../scope/scope-node.ts";
import type { TaskHandle } from "../scope/task.ts";
import { UsageError } from "../usage-error.ts";
import type { Arm, Selectable } from "./arm.ts";
import { type AcquireOptions, type Demand, demandOf, plain } from "./demand.ts";
import { Lease, withLease } from "./lease.ts";
import { Lender } from "./lender.ts";

/** The waiters of a condition. */
interface Rejectable {
  rejectAll(error: () => unknown): void;
}

const lockOptions: KnownOptions<AcquireOptions> = { priority: 1, scope: 1 };

/**
 * Mutual exclusion across awaits, by priority, and first come, first served among equals. A lease holds the lock: a second
 * `acquire()` waits until the first lease is released, also in the same task. A task that waits for its own lease for 5 s
 * is reported. A task of a group that ends without releasing its lease breaks the lock for all others.
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
export class Lock extends Lender<Lease | undefined> implements Selectable<Lease> {
  #lease: Lease | undefined;
  #broken = false;
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

  /** Waits for the lock. A checkpoint. A cancelled wait does not take the lock. */
  acquire(options?: AcquireOptions): Promise<Lease> {
    if (options === undefined) return this.take(currentNode(), plain);
    return this.takeWith(options, () => demandOf(options, lockOptions, "acquire"));
  }

  /** Takes the lock at once; throws a `UsageError` `ERR_WOULD_BLOCK` when it is held. */
  acquireNowait(): Lease {
    return this.takeNowait(plain);
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

  /**
   * Rejects the calls that wait for the lock now with `error`. The holder keeps the lock. A waiter of a condition that was
   * notified stays: it comes back to a lock that it held.
   */
  override rejectWaiters(error: unknown): void {
    this.line.rejectAll(
      () => error,
      ({ of }) => of === undefined,
    );
    this.tellIdle();
  }

  /** Runs `body` with the lock. */
  async run<T>(body: () => T | PromiseLike<T>, options?: AcquireOptions): Promise<T> {
    requireFunction(body, "body");
    return withLease(this.acquire(options), body);
  }

  /** For `select`, not for user code. */
  get arm(): Arm<Lease> {
    return this.armOf(plain);
  }

  /** @internal */
  releaseLease(lease: Lease): void {
    if (this.#lease === lease) this.#pass(lease);
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
    return this.take(rootOf(node.clock), { ...plain, of: lease });
  }

  /** @internal The owning task ended without releasing the lock (trio: a broken lock). */
  ownerEnded(): void {
    this.#broken = true;
    this.#lease = undefined;
    for (const waiters of [this.line, ...(this.#conditions ?? [])])
      waiters.rejectAll(() => new UsageError("ERR_BROKEN", "Lock"));
    this.tellIdle();
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

  /** @internal */
  protected override get title(): string {
    return "Lock";
  }

  /** @internal */
  protected override get free(): number {
    return this.#lease === undefined ? 1 : 0;
  }

  /** @internal */
  protected override lend({ of: before }: Demand<Lease | undefined>, task: object | undefined): Lease {
    const lease = before ?? new Lease(this, task);
    this.#lease = lease;
    const holder = lease.holder as TaskHandle<unknown> | undefined;
    if (holder !== undefined) {
      holder.held ??= new Set();
      holder.held.add(this);
    }
    return lease;
  }

  /** @internal A lease that was disposed of during the wait of a condition is refused: no code would release it again. */
  protected override refusal(before: Lease | undefined): UsageError | undefined {
    if (before?.isReleased) return new UsageError("ERR_NOT_HELD", "Lock");
    return this.#broken ? new UsageError("ERR_BROKEN", "Lock") : undefined;
  }

  /** @internal */
  protected override heldBy(task: object): Lease | undefined {
    return this.#lease?.holder === task ? this.#lease : undefined;
  }

  protected override get isIdle(): boolean {
    return this.#lease === undefined && this.line.first === undefined;
  }

  /** @internal */
  override get isUnused(): boolean {
    return this.isIdle && !this.#broken;
  }

  #pass(lease: Lease): void {
    (lease.holder as TaskHandle<unknown> | undefined)?.held?.delete(this);
    this.#lease = undefined;
    this.serve();
  }
}
markCopy(Lock);
