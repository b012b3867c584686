import { requireCount, requireFunction } from "../arguments.ts";
import { type KnownOptions, requireKnownOptions } from "../known-options.ts";
import { currentNode } from "../scope/ambient.ts";
import { UsageError } from "../usage-error.ts";
import type { Arm, Selectable } from "./arm.ts";
import { type Demand, demandOf, type PermitOptions, permitOptions, plain } from "./demand.ts";
import { type Lease, leaseOf, withLease } from "./lease.ts";
import { Lender } from "./lender.ts";

/** The options of a wait for tokens of a {@link CapacityLimiter}. */
export interface BorrowOptions extends PermitOptions {
  /** The key of the borrower, which holds at most one lease. Default: each call is a borrower of its own. */
  readonly borrower?: unknown;
}

const borrowOptions: KnownOptions<BorrowOptions> = { ...permitOptions, borrower: 1 };
const borrowNowOptions: KnownOptions<Omit<BorrowOptions, "scope">> = { weight: 1, priority: 1, borrower: 1 };

/**
 * Limits how many borrowers run at the same time (anyio, trio: `CapacityLimiter`). The limit can be changed while
 * the limiter is in use. Each call of `acquire()` borrows a token of its own, also in the same task, until the lease is
 * released. A borrower that the caller gives as a key holds at most one lease. A task that holds all leases and waits
 * for another one for 5 s is reported.
 *
 * @example
 * ```ts
 * import { CapacityLimiter } from "@hother/cancelable";
 *
 * const limiter = new CapacityLimiter(4);
 * await limiter.run(async () => console.assert(limiter.available === 3));
 * limiter.total = 8;
 * using heavy = await limiter.acquire({ weight: 5 });
 * console.assert(limiter.available === 3);
 * ```
 */
export class CapacityLimiter extends Lender<unknown> implements Selectable<Lease> {
  #total: number;
  #borrowed = 0;
  readonly #leases = new Set<Lease>();
  /** The leases of the borrowers that were given. */
  readonly #byKey = new Map<unknown, Lease>();

  /** @param total The number of tokens: a whole number of at least 0, or Infinity. */
  constructor(total: number) {
    super();
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
    this.serve();
  }

  /** The number of borrowed tokens. */
  get borrowed(): number {
    return this.#borrowed;
  }

  /** The number of free tokens. Negative after the total was lowered below the number of borrowed tokens. */
  get available(): number {
    return this.#total - this.#borrowed;
  }

  /** The holders of the leases: the keys that were given, or the tasks that borrowed. `undefined` for code outside of tasks. */
  get borrowers(): readonly unknown[] {
    return Array.from(this.#leases, (lease) => lease.holder);
  }

  /**
   * Waits for tokens. A checkpoint. A cancelled wait takes no token. The first in the line is never overtaken. A weight
   * above the total waits until the total is raised.
   *
   * @throws UsageError `ERR_ALREADY_HELD` for a `borrower` that holds a lease.
   */
  acquire(options?: BorrowOptions): Promise<Lease> {
    if (options === undefined) return this.take(currentNode(), plain);
    return this.takeWith(options, () => borrowDemand(options, borrowOptions, "acquire"));
  }

  /** Takes tokens at once; throws a `UsageError` `ERR_WOULD_BLOCK` when too few are free, or other calls wait. */
  acquireNowait(options?: Omit<BorrowOptions, "scope">): Lease {
    return this.takeNowait(borrowDemand(options, borrowNowOptions, "acquireNowait"));
  }

  /** The arm of a `select` that acquires tokens. */
  acquiring(options?: Omit<BorrowOptions, "scope">): Selectable<Lease> {
    return { arm: this.armOf(borrowDemand(options, borrowNowOptions, "acquiring")) };
  }

  /** Releases the lease of `borrower`. Default: the lease that the current task acquired last. */
  release(options?: Pick<BorrowOptions, "borrower">): void {
    requireKnownOptions(options, { borrower: 1 }, "release");
    const borrower = options?.borrower;
    const lease = borrower === undefined ? this.#latestOf(currentNode().task) : this.#byKey.get(borrower);
    if (lease === undefined) throw new UsageError("ERR_NOT_HELD", "CapacityLimiter");
    lease.release();
  }

  /** Runs `body` with tokens. */
  async run<T>(body: () => T | PromiseLike<T>, options?: BorrowOptions): Promise<T> {
    requireFunction(body, "body");
    return withLease(this.acquire(options), body);
  }

  /** For `select`, which borrows one token. Not for user code. */
  get arm(): Arm<Lease> {
    return this.armOf(plain);
  }

  /** @internal */
  releaseLease(lease: Lease): void {
    this.#leases.delete(lease);
    this.#borrowed -= lease.weight;
    if (this.#byKey.get(lease.holder) === lease) this.#byKey.delete(lease.holder);
    this.serve();
  }

  /** @internal */
  protected override get title(): string {
    return "CapacityLimiter";
  }

  /** @internal */
  protected override get free(): number {
    return this.available;
  }

  /** @internal */
  protected override lend({ weight, of: borrower }: Demand<unknown>, task: object | undefined): Lease {
    const lease = leaseOf(this, borrower === undefined ? task : borrower, weight);
    this.#leases.add(lease);
    this.#borrowed += weight;
    if (borrower !== undefined) this.#byKey.set(borrower, lease);
    return lease;
  }

  /** @internal A borrower can have got a lease during the wait, or can wait twice. */
  protected override refusal(borrower: unknown): UsageError | undefined {
    return borrower !== undefined && this.#byKey.has(borrower)
      ? new UsageError("ERR_ALREADY_HELD", "CapacityLimiter")
      : undefined;
  }

  /** @internal The latest lease of the task, if all leases are its own. */
  protected override heldBy(task: object): Lease | undefined {
    let held: Lease | undefined;
    for (const lease of this.#leases) {
      if (lease.holder !== task) return undefined;
      held = lease;
    }
    return held;
  }

  protected override get isIdle(): boolean {
    return this.#leases.size === 0 && this.line.first === undefined;
  }

  #latestOf(task: unknown): Lease | undefined {
    let latest: Lease | undefined;
    if (task !== undefined) for (const lease of this.#leases) if (lease.holder === task) latest = lease;
    return latest;
  }
}

function borrowDemand(
  options: BorrowOptions | undefined,
  known: Readonly<Record<string, 1>>,
  of: string,
): Demand<unknown> {
  const demand = demandOf(options, known, of);
  return options?.borrower === undefined ? demand : { ...demand, of: options.borrower };
}
