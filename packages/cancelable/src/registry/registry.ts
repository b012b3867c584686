import { invalidType, requireBoolean, requireCount, requireText } from "../arguments.ts";
import { markCopy } from "../copy.ts";
import { type Span, toEpoch, toMilliseconds } from "../duration.ts";
import { CancellationError, type CancellationReason } from "../errors.ts";
import { requireKnownOptions } from "../known-options.ts";
import type { OperationSnapshot } from "../operation/context.ts";
import {
  type ObservedOperation,
  type OperationObserver,
  observeAll,
  setProcessRegistry,
} from "../operation/observer.ts";
import type { OperationStatus } from "../operation/status.ts";
import { report } from "../reporter.ts";
import { ambientNode } from "../scope/ambient.ts";
import { requireCancelArguments } from "../token/cancel.ts";
import { UsageError } from "../usage-error.ts";
import { type OperationFilter, toPredicate } from "./filter.ts";
import { History } from "./history.ts";
import { LiveOperations } from "./live-operations.ts";
import type { HistoryQuery, RegistryOptions, WatchOptions } from "./options.ts";
import { copyOf, snapshotOf } from "./snapshot.ts";
import { type Counts, durationsOf, increment, type RegistryStatistics } from "./statistics.ts";
import type { OperationEvent, OperationStore } from "./store.ts";
import { StoreWriter } from "./store-writer.ts";
import { type OperationWatcher, type Watcher, watchIn } from "./watcher.ts";

/** A snapshot of an operation, with the operations below it. */
export interface OperationTree extends OperationSnapshot {
  readonly children: readonly OperationTree[];
}

/**
 * Contains the operations that run and a history of the operations that have ended, and cancels operations by id. Every
 * result is a snapshot, not a live object. An operation with `register: true` is added to {@link registry}, the
 * registry of the process, when the operation starts, and moves to the history when it ends.
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
  readonly #storeWriter: StoreWriter | undefined;
  readonly #watchers = new Set<Watcher>();
  #endedByStatus: Counts<OperationStatus> = {};
  #endedByReason: Counts<CancellationReason> = {};

  constructor(options?: RegistryOptions) {
    requireKnownOptions(options, { history: 1, store: 1 }, "OperationRegistry");
    const limit = options?.history ?? 1_000;
    requireCount(limit, "options.history", 0);
    this.#history = new History(limit);
    if (options?.store !== undefined)
      this.#storeWriter = new StoreWriter(options.store, this.#operations, (...args) => this.cancel(...args));
  }

  // ---- registration ---------------------------------------------------------------------------

  /** Adds an operation until it ends or is unregistered. The operation need not have started. */
  register(operation: ObservedOperation): void {
    if (typeof (operation as Partial<ObservedOperation> | null)?.context?.toJSON !== "function")
      throw invalidType("operation", "a Cancellable", operation);
    // An ended operation sends no `ended` event, so it would never leave the list.
    if (operation.context.isTerminal) throw new UsageError("ERR_ENDED", "operation");
    if (this.#operations.has(operation)) return;
    this.#add(operation);
    operation.observe(this);
  }

  /** Removes all operations with this id; they continue to run. Returns false if there was none. */
  unregister(id: string): boolean {
    requireText(id, "id");
    const operations = this.#operations.withId(id);
    for (const operation of operations) this.#remove(operation);
    return operations.length > 0;
  }

  /** Adds every operation that starts from now on, until the result is disposed of. */
  registerAll(): Disposable {
    return observeAll(this);
  }

  // ---- reading --------------------------------------------------------------------------------

  /** The number of operations that have not ended. */
  get size(): number {
    return this.#operations.size;
  }

  /** The live operation with this id. If there are several: the one that was registered first. */
  get(id: string): OperationSnapshot | undefined {
    requireText(id, "id");
    const operation = this.#operations.first(id);
    return operation === undefined ? undefined : snapshotOf(operation);
  }

  /** The live operations that match the filter, in the order of registration. */
  list(filter?: OperationFilter): OperationSnapshot[] {
    return this.#matching(filter).map(snapshotOf);
  }

  /** The live operations as trees. The parent of an operation is its nearest ancestor in this registry. */
  tree(): OperationTree[] {
    const nodes = new Map<ObservedOperation, OperationSnapshot & { readonly children: OperationTree[] }>();
    for (const operation of this.#operations)
      nodes.set(operation, { ...snapshotOf(operation), children: [] });
    const roots: OperationTree[] = [];
    for (const [operation, node] of nodes) {
      let above = operation.parent;
      while (above !== undefined && !nodes.has(above)) above = above.parent;
      const siblings = above === undefined ? roots : (nodes.get(above) as typeof node).children; // see the loop
      siblings.push(node);
    }
    return roots;
  }

  /** Operations that have ended, oldest first. */
  history(query?: HistoryQuery): OperationSnapshot[] {
    requireKnownOptions(query, { limit: 1, status: 1, since: 1 }, "history", "query");
    const { limit, status, since } = query ?? {};
    if (limit !== undefined) requireCount(limit, "query.limit", 0);
    const from = since === undefined ? Number.NEGATIVE_INFINITY : toEpoch(since, "query.since");
    const matches = toPredicate(status === undefined ? undefined : { status });
    const found = this.#history.list().filter((snapshot) => matches(snapshot) && endOf(snapshot) >= from);
    const newest = limit === undefined || limit >= found.length ? found : found.slice(found.length - limit);
    return newest.map(copyOf);
  }

  statistics(): RegistryStatistics {
    const byStatus: Counts<OperationStatus> = {};
    for (const operation of this.#operations) increment(byStatus, operation.context.status);
    return {
      active: { count: this.size, byStatus },
      past: {
        count: Object.values(this.#endedByStatus).reduce((sum, count) => sum + count, 0),
        byStatus: { ...this.#endedByStatus },
        byReason: { ...this.#endedByReason },
      },
      durations: durationsOf(this.#history.list()),
    };
  }

  /**
   * The events from now on. Each read is a checkpoint. The subscription ends when the loop is left, also by a
   * cancellation, and when the result is disposed of: `using events = registry.watch()`. A slow reader gets every event
   * except progress, up to `buffer` events; of the progress it gets the newest.
   */
  watch(options?: WatchOptions): OperationWatcher {
    return watchIn(this.#watchers, options);
  }

  // ---- actions --------------------------------------------------------------------------------

  /**
   * Cancels all live operations with this id, synchronously. Returns false if there is none, or all were cancelled
   * before.
   */
  cancel(id: string, reason?: CancellationReason, message?: string): boolean {
    requireText(id, "id");
    return this.#cancelEach(this.#operations.withId(id), reason, message) > 0;
  }

  /**
   * Cancels the operations that match the filter, each with this reason. Returns the number of operations that this
   * call cancelled. Operations that do not match but are below a match are cancelled with reason `parent`, and not
   * counted.
   */
  cancelAll(filter?: OperationFilter, reason?: CancellationReason, message?: string): number {
    // Newest first: children are newer than their parents, and get this reason only if they are cancelled before them.
    return this.#cancelEach(this.#matching(filter).reverse(), reason, message);
  }

  /**
   * Removes entries from the history. Returns their number.
   *
   * @param options.olderThan The minimum time since the end, in milliseconds or as a `Duration`. Default: any time.
   * @param options.keepFailed Whether failed operations stay. Default: false.
   */
  cleanupCompleted(options?: {
    readonly olderThan?: Span | undefined;
    readonly keepFailed?: boolean | undefined;
  }): number {
    requireKnownOptions(options, { olderThan: 1, keepFailed: 1 }, "cleanupCompleted");
    const { olderThan, keepFailed } = options ?? {};
    if (keepFailed !== undefined) requireBoolean(keepFailed, "options.keepFailed");
    const age = olderThan === undefined ? undefined : toMilliseconds(olderThan, "options.olderThan");
    // The ambient backend's wall clock, which can be a virtual one: the end times come from it as well.
    const now = ambientNode().clock.runtime.epoch();
    return this.#history.removeWhere(
      (snapshot) =>
        !(keepFailed && snapshot.status === "failed") && (age === undefined || endOf(snapshot) <= now - age),
    );
  }

  /** Removes all live operations, the history and the counts. The operations continue to run. */
  clear(): void {
    for (const operation of [...this.#operations]) this.#remove(operation);
    this.#history.removeWhere(() => true);
    this.#endedByStatus = {};
    this.#endedByReason = {};
  }

  // ---- called by operations -------------------------------------------------------------------

  started(operation: ObservedOperation): void {
    if (!this.#operations.has(operation)) this.#add(operation);
    this.#publish("started", operation);
  }

  progress(operation: ObservedOperation): void {
    if (this.#operations.has(operation)) this.#publish("progress", operation);
  }

  cancelling(operation: ObservedOperation): void {
    if (this.#operations.has(operation)) this.#publish("cancelling", operation);
  }

  ended(operation: ObservedOperation): void {
    if (!this.#operations.has(operation)) return;
    const snapshot = snapshotOf(operation);
    this.#operations.remove(operation);
    this.#history.add(snapshot);
    increment(this.#endedByStatus, snapshot.status);
    if (snapshot.status === "cancelled" && snapshot.cancelReason !== undefined)
      increment(this.#endedByReason, snapshot.cancelReason);
    this.#publish("ended", operation, snapshot);
    this.#storeWriter?.remove(snapshot.id);
  }

  #matching(filter: OperationFilter | undefined): ObservedOperation[] {
    const matches = toPredicate(filter);
    return [...this.#operations].filter((operation) => matches(operation.context));
  }

  /**
   * Returns the number of operations that were cancelled. An error of one is reported, and the others are cancelled.
   */
  #cancelEach(
    operations: Iterable<ObservedOperation>,
    reason?: CancellationReason,
    message?: string,
  ): number {
    requireCancelArguments(reason ?? "manual", message);
    const all = [...operations];
    // One cause for all: a parent whose body throws the cancellation of its child has been cancelled too (rule 4).
    const options = all.length > 1 ? { cause: new CancellationError(reason, message) } : undefined;
    let count = 0;
    for (const operation of all) {
      try {
        if (operation.cancel(reason, message, options)) count++;
      } catch (error) {
        report(error, "a cancellation by a registry");
      }
    }
    return count;
  }

  #add(operation: ObservedOperation): void {
    this.#operations.add(operation);
    this.#publish("registered", operation);
  }

  #remove(operation: ObservedOperation): void {
    this.#operations.remove(operation);
    for (const watcher of this.#watchers) watcher.removeThrottle(operation);
    this.#storeWriter?.remove(operation.id);
  }

  #publish(type: OperationEvent["type"], operation: ObservedOperation, ended?: OperationSnapshot): void {
    // The watchers come before the store, which can cause further events at once.
    if (this.#watchers.size > 0) {
      const event: OperationEvent = { type, operation: ended ?? snapshotOf(operation) };
      for (const watcher of this.#watchers) watcher.push(event, operation);
    }
    this.#storeWriter?.put(type, operation, ended);
  }
}
markCopy(OperationRegistry);

/** The end of an operation in the history, in milliseconds since the epoch. */
function endOf({ endTime }: OperationSnapshot): number {
  return Date.parse(endTime as string); // the history contains ended operations only
}

/** The registry of this process. It contains the operations with `register: true`. */
export const registry: OperationRegistry = new OperationRegistry();
setProcessRegistry(registry);
