import { outOfRange, requireCount, requireFunction, requireWhole } from "../arguments.ts";
import { requireKnownOptions } from "../known-options.ts";
import { currentNode } from "../scope/ambient.ts";
import { UsageError } from "../usage-error.ts";
import type { Arm, Selectable } from "./arm.ts";
import { type Demand, demandOf, type PermitOptions, permitOptions, plain } from "./demand.ts";
import { type Lease, leaseOf, withLease } from "./lease.ts";
import { Lender } from "./lender.ts";
import type { WaitOptions } from "./wait-options.ts";

/**
 * A number of permits, handed out by priority, and first come, first served among equals. A call can take several
 * permits at once. Code that did not acquire a permit may release one too.
 *
 * @example
 * ```ts
 * import { Semaphore } from "@hother/cancelable";
 *
 * const connections = new Semaphore(5);
 * using one = await connections.acquire();
 * using three = await connections.acquire({ weight: 3, priority: 1 });
 * console.assert(connections.value === 1);
 * ```
 */
export class Semaphore extends Lender implements Selectable<Lease> {
  #value: number;
  readonly #initial: number;
  readonly #max: number;

  /**
   * @param initial The number of permits at first: a whole number of at least 0, or Infinity.
   * @param options.max The most free permits; a release above it is an error. Default: no limit.
   */
  constructor(initial: number, options?: { readonly max?: number | undefined }) {
    super();
    requireCount(initial, "initial", 0);
    requireKnownOptions(options, { max: 1 }, "Semaphore");
    const max = options?.max ?? Number.POSITIVE_INFINITY;
    requireCount(max, "options.max", 0);
    if (max < initial) throw outOfRange("options.max", `at least initial (${initial})`, max);
    this.#value = this.#initial = initial;
    this.#max = max;
  }

  /** The number of free permits. */
  get value(): number {
    return this.#value;
  }

  /**
   * Waits for permits. A checkpoint. A cancelled wait takes no permit. The first in the line is never overtaken: while
   * it waits for several permits, a later call for one waits too.
   *
   * @throws RangeError for a weight above `max`, which could never be served.
   */
  acquire(options?: PermitOptions): Promise<Lease> {
    if (options === undefined) return this.take(currentNode(), plain);
    return this.takeWith(options, () => this.#demand(options, "acquire", permitOptions));
  }

  /** Takes permits at once; throws a `UsageError` `ERR_WOULD_BLOCK` when too few are free, or other calls wait. */
  acquireNowait(options?: Omit<PermitOptions, "scope">): Lease {
    return this.takeNowait(this.#demand(options, "acquireNowait"));
  }

  /** The arm of a `select` that acquires permits. */
  acquiring(options?: Omit<PermitOptions, "scope">): Selectable<Lease> {
    return { arm: this.armOf(this.#demand(options, "acquiring")) };
  }

  /**
   * Adds permits, and hands them to the first waiters.
   *
   * @param n The number of permits: a whole number of at least 1. Default: 1.
   * @throws UsageError `ERR_RELEASED_TOO_OFTEN` above `max`. Nothing has changed then.
   */
  release(n = 1): void {
    requireWhole(n, "n", 1);
    this.#add(n);
  }

  /** Runs `body` with permits. */
  async run<T>(body: () => T | PromiseLike<T>, options?: PermitOptions): Promise<T> {
    requireFunction(body, "body");
    return withLease(this.acquire(options), body);
  }

  /** Waits until no call waits and at least as many permits are free as at first. A checkpoint. */
  override whenIdle(options?: WaitOptions): Promise<void> {
    return super.whenIdle(options);
  }

  /** For `select`, which acquires one permit. Not for user code. */
  get arm(): Arm<Lease> {
    return this.armOf(plain);
  }

  /** @internal */
  releaseLease(lease: Lease): void {
    this.#add(lease.weight);
  }

  /** @internal */
  protected override get title(): string {
    return "Semaphore";
  }

  /** @internal */
  protected override get free(): number {
    return this.#value;
  }

  /** @internal */
  protected override lend({ weight }: Demand<undefined>): Lease {
    this.#value -= weight;
    return leaseOf(this, undefined, weight);
  }

  protected override get isIdle(): boolean {
    return this.#value >= this.#initial && this.line.first === undefined;
  }

  #add(n: number): void {
    if (this.#value + n > this.#max)
      throw new UsageError("ERR_RELEASED_TOO_OFTEN", "Semaphore", `max is ${this.#max}`);
    this.#value += n;
    this.serve();
  }

  #demand(
    options: PermitOptions | undefined,
    of: string,
    known: Readonly<Record<string, 1>> = { weight: 1, priority: 1 },
  ): Demand<undefined> {
    const demand = demandOf(options, known, of);
    if (demand.weight > this.#max)
      throw outOfRange("options.weight", `at most max (${this.#max})`, demand.weight);
    return demand;
  }
}
