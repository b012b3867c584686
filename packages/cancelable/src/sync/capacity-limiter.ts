import { requireCount, requireFunction } from "../arguments.ts";
import { currentNode } from "../scope/ambient.ts";
import { resolveFairly } from "../scope/fair-turn.ts";
import { rejectIfCancelled } from "../scope/waiting.ts";
import { UsageError } from "../usage-error.ts";
import { Lease, withLease } from "./lease.ts";
import { reportSelfWait } from "./self-wait.ts";
import { type WaitOptions, waitNode } from "./wait-options.ts";
import { WaitQueue } from "./wait-queue.ts";

/**
 * Limits how many borrowers run at the same time (anyio, trio: `CapacityLimiter`). The limit can be changed while
 * the limiter is in use. Each call of `acquire()` borrows a token of its own, also in the same task, until the lease is
 * released. A borrower that the caller gives as a key holds at most one token. A task that holds all tokens and waits
 * for another one for 5 s is reported.
 *
 * @example
 * ```ts
 * import { CapacityLimiter } from "@hother/cancelable";
 *
 * const limiter = new CapacityLimiter(4);
 * await limiter.run(async () => console.assert(limiter.available === 3));
 * limiter.total = 8;
 * ```
 */
export class CapacityLimiter {
  #total: number;
  readonly #leases = new Set<Lease>();
  /** The leases of the borrowers that were given. */
  readonly #byKey = new Map<unknown, Lease>();
  readonly #waiters = new WaitQueue<Lease, unknown>();

  /** @param total The number of tokens: a whole number of at least 0, or Infinity. */
  constructor(total: number) {
    requireCount(total, "total", 0);
    this.#total = total;
  }

  /** The number of tokens. */
  get total(): number {
    return this.#total;
  }

  /**
   * Raising the total wakes as many waiters as there are new tokens. Lowering it takes no token away: until
   * `borrowed` is below the total, no token is handed out.
   */
  set total(total: number) {
    requireCount(total, "total", 0);
    this.#total = total;
    this.#serve();
  }

  /** The number of borrowed tokens. */
  get borrowed(): number {
    return this.#leases.size;
  }

  /** The number of free tokens. Negative after the total was lowered below the number of borrowed tokens. */
  get available(): number {
    return this.#total - this.#leases.size;
  }

  /** The number of waiters. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /** The holders of the borrowed tokens: the keys that were given, or the tasks that borrowed. `undefined` for code outside of tasks. */
  get borrowers(): readonly unknown[] {
    return Array.from(this.#leases, (lease) => lease.holder);
  }

  /**
   * Waits for a token. A checkpoint. A cancelled wait takes no token.
   *
   * @param borrower The key of the borrower. Default: each call is a borrower of its own.
   */
  acquire(borrower?: unknown, options?: WaitOptions): Promise<Lease> {
    const node = options === undefined ? currentNode() : waitNode(options, "acquire");
    if (node instanceof Promise) return node;
    const rejected = rejectIfCancelled(node);
    if (rejected !== undefined) return rejected;
    try {
      this.#requireNew(borrower);
    } catch (error) {
      return Promise.reject(error);
    }
    const { task } = node;
    if (this.available > 0 && this.#waiters.size === 0)
      return resolveFairly(node, this.#lend(borrower, task));
    const { promise } = this.#waiters.join(node, borrower);
    if (task !== undefined && this.#isHeldBy(task))
      reportSelfWait(this, {
        name: "CapacityLimiter",
        clock: node.clock,
        wait: promise,
        waitsForItself: () => this.#isHeldBy(task),
      });
    return promise;
  }

  /** Takes a token at once; throws a `UsageError` `ERR_WOULD_BLOCK` when no token is free. */
  acquireNowait(borrower?: unknown): Lease {
    this.#requireNew(borrower);
    if (this.available <= 0 || this.#waiters.size > 0)
      throw new UsageError("ERR_WOULD_BLOCK", "CapacityLimiter");
    return this.#lend(borrower, currentNode().task);
  }

  /** Releases the token of `borrower`. Default: the token that the current task borrowed last. */
  release(borrower?: unknown): void {
    const lease = borrower === undefined ? this.#latestOf(currentNode().task) : this.#byKey.get(borrower);
    if (lease === undefined) throw new UsageError("ERR_NOT_HELD", "CapacityLimiter");
    lease.release();
  }

  /** Runs `body` with a token. */
  async run<T>(body: () => T | PromiseLike<T>, borrower?: unknown): Promise<T> {
    requireFunction(body, "body");
    return withLease(this.acquire(borrower), body);
  }

  /** @internal */
  releaseLease(lease: Lease): void {
    this.#leases.delete(lease);
    if (this.#byKey.get(lease.holder) === lease) this.#byKey.delete(lease.holder);
    this.#serve();
  }

  #lend(borrower: unknown, task: unknown): Lease {
    const lease = new Lease(this, borrower === undefined ? task : borrower);
    this.#leases.add(lease);
    if (borrower !== undefined) this.#byKey.set(borrower, lease);
    return lease;
  }

  #latestOf(task: unknown): Lease | undefined {
    let latest: Lease | undefined;
    if (task !== undefined) for (const lease of this.#leases) if (lease.holder === task) latest = lease;
    return latest;
  }

  /** Whether the task holds all tokens, of which none is free. */
  #isHeldBy(task: unknown): boolean {
    if (this.#leases.size === 0) return false; // the total is 0
    for (const lease of this.#leases) if (lease.holder !== task) return false;
    return true;
  }

  #serve(): void {
    while (this.available > 0) {
      const next = this.#waiters.shift();
      if (next === undefined) return;
      // The borrower may have got a token since it began to wait, or may wait twice.
      const borrower = next.payload;
      if (borrower !== undefined && this.#byKey.has(borrower))
        next.reject(new UsageError("ERR_ALREADY_HELD", "CapacityLimiter"));
      else next.resolve(this.#lend(borrower, next.task));
    }
  }

  #requireNew(borrower: unknown): void {
    if (borrower !== undefined && this.#byKey.has(borrower))
      throw new UsageError("ERR_ALREADY_HELD", "CapacityLimiter");
  }
}
