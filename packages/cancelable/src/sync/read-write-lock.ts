import { requireFunction } from "../arguments.ts";
import { currentNode } from "../scope/ambient.ts";
import type { TaskHandle } from "../scope/task.ts";
import { UsageError } from "../usage-error.ts";
import type { Selectable } from "./arm.ts";
import { type Demand, demandOf, plain } from "./demand.ts";
import { Lease, withLease } from "./lease.ts";
import { Lender } from "./lender.ts";
import type { WaitOptions } from "./wait-options.ts";

/** A reader takes one permit, a writer takes all of them. */
const allPermits = Number.MAX_SAFE_INTEGER;
const reader = plain;
const writer: Demand<undefined> = { weight: allPermits, priority: 0, of: undefined };

/**
 * A lock that many readers or one writer can hold. There is one line, in order of arrival: readers that stand next to each
 * other go in together, and a reader behind a waiting writer waits, so that writers are not starved. A task of a group
 * that ends without releasing its lease breaks the lock for all others.
 *
 * A task that reads must not read again, nor write, before its first lease is released: when a writer stands between the two
 * calls, the task waits for itself. Such a wait is reported after 5 s.
 *
 * @example
 * ```ts
 * import { ReadWriteLock } from "@hother/cancelable/sync";
 *
 * const lock = new ReadWriteLock();
 * let settings = { level: 1 };
 * const levels = await Promise.all([lock.read(() => settings.level), lock.read(() => settings.level)]);
 * await lock.write(() => {
 *   settings = { level: 2 };
 * });
 * console.assert(levels.join() === "1,1" && settings.level === 2);
 * ```
 */
export class ReadWriteLock extends Lender {
  readonly #leases = new Set<Lease>();
  /** The number of leases of each task. */
  readonly #ofTask = new Map<object, number>();
  #isWriting = false;
  #broken = false;

  /** The number of readers that hold the lock. */
  get readers(): number {
    return this.#isWriting ? 0 : this.#leases.size;
  }

  /** Whether a writer holds the lock. */
  get isWriting(): boolean {
    return this.#isWriting;
  }

  /** Waits until the lock can be read. A checkpoint. A cancelled wait does not take the lock. */
  acquireRead(options?: WaitOptions): Promise<Lease> {
    if (options === undefined) return this.take(currentNode(), reader);
    return this.takeWith(options, () => demandOf(options, { scope: 1 }, "acquireRead"));
  }

  /** Waits until no reader and no writer holds the lock. A checkpoint. A cancelled wait does not take the lock. */
  acquireWrite(options?: WaitOptions): Promise<Lease> {
    if (options === undefined) return this.take(currentNode(), writer);
    return this.takeWith(options, () => {
      demandOf(options, { scope: 1 }, "acquireWrite");
      return writer;
    });
  }

  /** Runs `body` while the lock is held for reading. */
  async read<T>(body: () => T | PromiseLike<T>, options?: WaitOptions): Promise<T> {
    requireFunction(body, "body");
    return withLease(this.acquireRead(options), body);
  }

  /** Runs `body` while the lock is held for writing. */
  async write<T>(body: () => T | PromiseLike<T>, options?: WaitOptions): Promise<T> {
    requireFunction(body, "body");
    return withLease(this.acquireWrite(options), body);
  }

  /** The arm of a `select` that acquires the lock for reading. */
  reading(): Selectable<Lease> {
    return { arm: this.armOf(reader) };
  }

  /** The arm of a `select` that acquires the lock for writing. */
  writing(): Selectable<Lease> {
    return { arm: this.armOf(writer) };
  }

  /** @internal */
  releaseLease(lease: Lease): void {
    if (!this.#leases.delete(lease)) return; // the lock is broken
    this.#isWriting = false;
    const task = lease.holder as TaskHandle<unknown> | undefined;
    if (task !== undefined) {
      const rest = (this.#ofTask.get(task) as number) - 1; // counted when it was lent
      this.#ofTask.set(task, rest);
      if (rest === 0) {
        this.#ofTask.delete(task);
        task.held?.delete(this);
      }
    }
    this.serve();
  }

  /** @internal A task ended without releasing its lease. */
  ownerEnded(): void {
    this.#broken = true;
    this.#isWriting = false;
    this.#leases.clear();
    this.#ofTask.clear();
    this.line.rejectAll(() => new UsageError("ERR_BROKEN", this.title));
    this.tellIdle();
  }

  /** @internal */
  protected override get title(): string {
    return "ReadWriteLock";
  }

  /** @internal */
  protected override get free(): number {
    return this.#isWriting ? 0 : allPermits - this.#leases.size;
  }

  /** @internal */
  protected override lend({ weight }: Demand<undefined>, task: object | undefined): Lease {
    const lease = new Lease(this, task);
    this.#leases.add(lease);
    this.#isWriting = weight === allPermits;
    if (task !== undefined) {
      this.#ofTask.set(task, (this.#ofTask.get(task) ?? 0) + 1);
      const holder = task as TaskHandle<unknown>;
      holder.held ??= new Set();
      holder.held.add(this);
    }
    return lease;
  }

  /** @internal */
  protected override refusal(): UsageError | undefined {
    return this.#broken ? new UsageError("ERR_BROKEN", this.title) : undefined;
  }

  /** @internal A waiter waits for all readers that hold the lock, or for the writer that holds it. */
  protected override heldBy(task: object): Lease | undefined {
    if (!this.#ofTask.has(task)) return undefined;
    for (const lease of this.#leases) if (lease.holder === task) return lease;
    return undefined;
  }

  protected override get isIdle(): boolean {
    return this.#leases.size === 0 && this.line.first === undefined;
  }
}
