import { invalidType, requireBoolean, requireCount, requireOptions, requireText } from "../arguments.ts";
import { type Span, toEpoch, toMilliseconds } from "../duration.ts";
import type { CancellationReason } from "../errors.ts";
import type { OperationSnapshot } from "../operation/context.ts";
import {
  type ObservedOperation,
  type OperationObserver,
  observeAll,
  setProcessRegistry,
} from "../operation/observer.ts";
import type { OperationStatus } from "../operation/status.ts";
import { report } from "../reporter.ts";
import { currentNode } from "../scope/ambient.ts";
import { requireReason } from "../token/token.ts";
import { UsageError } from "../usage-error.ts";
import { type OperationFilter, toPredicate } from "./filter.ts";
import { History } from "./history.ts";
import { LiveOperations } from "./live-operations.ts";
import type { HistoryQuery, RegistryOptions, WatchOptions } from "./options.ts";
import { copyOf, snapshotOf } from "./snapshot.ts";
import { type Counts, durationsOf, increment, type RegistryStatistics } from "./statistics.ts";
import type { OperationEvent, OperationStore } from "./store.ts";
import { StoreWriter } from "./store-writer.ts";
import { Watcher } from "./watcher.ts";

/** An operation with those below it. */
export interface OperationTree extends OperationSnapshot {
  readonly children: readonly OperationTree[];
}

/**
 * Knows which operations run, how far they are and how they ended, and cancels them by id. Everything that it
 * hands out is a copy of the moment. Operations with `register: true` are in {@link registry}, which every
 * process has, from their start to their end; then they are history.
 *
 * @example
 * ```ts
 * import { Cancellable, registry } from "@hother/cancelable";
 *
 * const job = new Cancellable({ name: "nightly export", register: true });
 * const ended = job.settle((op) => op.sleep({ hours: 1 }));
 * const [found] = registry.list({ name: "export", status: "running" });
 * registry.cancel(found.id, "manual", "not tonight");
 * console.assert((await ended).status === "cancelled");
 * console.assert(registry.history({ limit: 1 })[0].cancelMessage === "not tonight");
 * ```
 */
export class OperationRegistry implements OperationObserver {
  readonly #operations = new LiveOperations();
  readonly #history: History;
  readonly #mirror: StoreWriter | undefined;
  readonly #watchers = new Set<Watcher>();
  #pastByStatus: Counts<OperationStatus> = {};
  #pastByReason: Counts<CancellationReason> = {};

  constructor(options?: RegistryOptions) {
    requireOptions(options);
    const limit = options?.history ?? 1_000;
    requireCount(limit, "options.history", 0);
    this.#history = new History(limit);
    if (options?.store !== undefined)
      this.#mirror = new StoreWriter(options.store, this.#operations, (...args) => this.cancel(...args));
  }

  // ---- who is in it ---------------------------------------------------------------------------

  /** Knows an operation from now on, also before it starts; until it ends or is unregistered. */
  register(operation: ObservedOperation): void {
    if (typeof (operation as Partial<ObservedOperation> | null)?.context?.toJSON !== "function")
      throw invalidType("operation", "a Cancellable", operation);
    // It would stay for ever: nobody tells of its end any more.
    if (operation.context.isTerminal) throw new UsageError("ERR_ENDED", "operation");
    if (this.#operations.has(operation)) return;
    this.#add(operation);
    operation.observe(this);
  }

  /** Forgets an operation, all with this id, which goes on. False if it was not known. */
  unregister(id: string): boolean {
    requireText(id, "id");
    const operations = this.#operations.under(id);
    for (const operation of operations) this.#forget(operation);
    return operations.length > 0;
  }

  /** Knows every operation that starts from now on, until what this returns is disposed of. */
  registerAll(): Disposable {
    return observeAll(this);
  }

  // ---- what is in it --------------------------------------------------------------------------

  /** How many operations live. */
  get size(): number {
    return this.#operations.size;
  }

  /** A living operation; of several with the same id the first. */
  get(id: string): OperationSnapshot | undefined {
    requireText(id, "id");
    const operation = this.#operations.first(id);
    return operation === undefined ? undefined : snapshotOf(operation);
  }

  /** The living operations that fit, in the order in which they came. */
  list(filter?: OperationFilter): OperationSnapshot[] {
    return this.#matching(filter).map(snapshotOf);
  }

  /** The living operations, each below the nearest one above it that is known here. */
  tree(): OperationTree[] {
    const nodes = new Map<ObservedOperation, OperationSnapshot & { readonly children: OperationTree[] }>();
    for (const operation of this.#operations)
      nodes.set(operation, { ...snapshotOf(operation), children: [] });
    const roots: OperationTree[] = [];
    for (const [operation, node] of nodes) {
      let above = operation.parent;
      while (above !== undefined && !nodes.has(above)) above = above.parent;
      const siblings = above === undefined ? roots : (nodes.get(above) as typeof node).children; // the loop found it
      siblings.push(node);
    }
    return roots;
  }

  /** Operations that have ended, oldest first. */
  history(query?: HistoryQuery): OperationSnapshot[] {
    requireOptions(query, "query");
    const { limit, status, since } = query ?? {};
    if (limit !== undefined) requireCount(limit, "query.limit", 0);
    const from = since === undefined ? Number.NEGATIVE_INFINITY : toEpoch(since, "query.since");
    const fits = toPredicate(status === undefined ? undefined : { status });
    const found = this.#history.list().filter((snapshot) => fits(snapshot) && endOf(snapshot) >= from);
    const newest = limit === undefined || limit >= found.length ? found : found.slice(found.length - limit);
    return newest.map(copyOf);
  }

  statistics(): RegistryStatistics {
    const byStatus: Counts<OperationStatus> = {};
    for (const operation of this.#operations) increment(byStatus, operation.context.status);
    return {
      active: { count: this.size, byStatus },
      past: {
        count: Object.values(this.#pastByStatus).reduce((sum, count) => sum + count, 0),
        byStatus: { ...this.#pastByStatus },
        byReason: { ...this.#pastByReason },
      },
      durations: durationsOf(this.#history.list()),
    };
  }

  /**
   * What happens from now on: reading is a checkpoint, and leaving the loop ends it, also by a cancellation. A slow
   * reader loses no beginning and no end.
   */
  watch(options?: WatchOptions): AsyncIterableIterator<OperationEvent> {
    requireOptions(options);
    const throttle =
      options?.throttle === undefined ? 100 : toMilliseconds(options.throttle, "options.throttle");
    const watcher = new Watcher(throttle, (one) => this.#watchers.delete(one));
    this.#watchers.add(watcher);
    return watcher;
  }

  // ---- what it does ---------------------------------------------------------------------------

  /** Cancels an operation, all with this id, synchronously. False if none lives, or it was cancelled before. */
  cancel(id: string, reason?: CancellationReason, message?: string): boolean {
    requireText(id, "id");
    return this.#cancelEach(this.#operations.under(id), reason, message) > 0;
  }

  /**
   * Cancels those that fit, each with this reason; returns how many were cancelled by this call. What is below
   * others of them and does not fit itself is cancelled through them, and not counted.
   */
  cancelAll(filter?: OperationFilter, reason?: CancellationReason, message?: string): number {
    // The latest first: what is below came later, and would have been cancelled by what is above, as its child.
    return this.#cancelEach(this.#matching(filter).reverse(), reason, message);
  }

  /** Drops operations that have ended from the history; returns how many. */
  cleanupCompleted(options?: { readonly olderThan?: Span; readonly keepFailed?: boolean }): number {
    requireOptions(options);
    const { olderThan, keepFailed } = options ?? {};
    if (keepFailed !== undefined) requireBoolean(keepFailed, "options.keepFailed");
    const age = olderThan === undefined ? undefined : toMilliseconds(olderThan, "options.olderThan");
    // On the clock that the times of the end are from.
    const now = currentNode().clock.runtime.epoch();
    return this.#history.drop(
      (snapshot) =>
        !(keepFailed && snapshot.status === "failed") && (age === undefined || endOf(snapshot) <= now - age),
    );
  }

  /** Forgets everything, the operations that live too, which go on. */
  clear(): void {
    for (const operation of [...this.#operations]) this.#forget(operation);
    this.#history.drop(() => true);
    this.#pastByStatus = {};
    this.#pastByReason = {};
  }

  // ---- told by operations ---------------------------------------------------------------------

  /** Called by an operation. */
  started(operation: ObservedOperation): void {
    if (!this.#operations.has(operation)) this.#add(operation);
    this.#tell("started", operation);
  }

  /** Called by an operation. */
  progress(operation: ObservedOperation): void {
    if (this.#operations.has(operation)) this.#tell("progress", operation);
  }

  /** Called by an operation. */
  cancelling(operation: ObservedOperation): void {
    if (this.#operations.has(operation)) this.#tell("cancelling", operation);
  }

  /** Called by an operation. */
  ended(operation: ObservedOperation): void {
    if (!this.#operations.has(operation)) return;
    const snapshot = snapshotOf(operation);
    this.#operations.drop(operation);
    this.#history.add(snapshot);
    increment(this.#pastByStatus, snapshot.status);
    if (snapshot.status === "cancelled" && snapshot.cancelReason !== undefined)
      increment(this.#pastByReason, snapshot.cancelReason);
    this.#tell("ended", operation, snapshot);
    this.#mirror?.remove(snapshot.id);
  }

  #matching(filter: OperationFilter | undefined): ObservedOperation[] {
    const fits = toPredicate(filter);
    return [...this.#operations].filter((operation) => fits(operation.context));
  }

  /** One that cannot be cancelled is reported, and keeps nobody else from it. */
  #cancelEach(all: Iterable<ObservedOperation>, reason?: CancellationReason, message?: string): number {
    requireReason(reason ?? "manual", message);
    let count = 0;
    for (const operation of all) {
      try {
        if (operation.cancel(reason, message)) count++;
      } catch (error) {
        report(error, "a cancellation by a registry");
      }
    }
    return count;
  }

  #add(operation: ObservedOperation): void {
    this.#operations.add(operation);
    this.#tell("registered", operation);
  }

  #forget(operation: ObservedOperation): void {
    this.#operations.drop(operation);
    for (const watcher of this.#watchers) watcher.forget(operation);
    this.#mirror?.remove(operation.id);
  }

  #tell(type: OperationEvent["type"], operation: ObservedOperation, ended?: OperationSnapshot): void {
    // Before the store, which may do something at once that is told of as well.
    if (this.#watchers.size > 0) {
      const event: OperationEvent = { type, operation: ended ?? snapshotOf(operation) };
      for (const watcher of this.#watchers) watcher.push(event, operation);
    }
    this.#mirror?.put(type, operation, ended);
  }
}

/** When an operation of the history ended, in epoch milliseconds. */
function endOf({ endTime }: OperationSnapshot): number {
  return Date.parse(endTime as string); // only what has ended is there
}

/** The registry of this process: of operations with `register: true`. */
export const registry: OperationRegistry = new OperationRegistry();
setProcessRegistry(registry);
