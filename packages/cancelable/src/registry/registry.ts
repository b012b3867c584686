import { type Span, toEpoch, toMilliseconds } from "../duration.ts";
import type { CancellationReason } from "../errors.ts";
import type { OperationSnapshot, OperationStatus } from "../operation/context.ts";
import {
  type ObservedOperation,
  type OperationObserver,
  setObserverOfAll,
  setStandingObserver,
} from "../operation/observer.ts";
import { report } from "../reporter.ts";
import {
  invalidType,
  isThenable,
  requireBoolean,
  requireCount,
  requireOptions,
  requireText,
} from "../usage.ts";
import { type OperationFilter, toPredicate } from "./filter.ts";
import { History } from "./history.ts";
import { type Counts, durationsOf, increment, type RegistryStatistics } from "./statistics.ts";
import type { OperationEvent, OperationStore } from "./store.ts";
import { Watcher } from "./watcher.ts";

export interface RegistryOptions {
  /** How many operations that have ended are remembered. Default: 1,000. */
  readonly history?: number;
  /** Is told of everything that this registry knows, to be seen from elsewhere. Default: none. */
  readonly store?: OperationStore;
}

export interface WatchOptions {
  /** An operation's progress is told at most once in this time; its newest is never lost. Default: 100 ms. */
  readonly throttle?: Span;
}

export interface HistoryQuery {
  /** The newest so many. Default: all. */
  readonly limit?: number;
  readonly status?: OperationStatus | readonly OperationStatus[];
  /** Those that ended at this moment or later: a `Date` or epoch milliseconds. */
  readonly since?: Date | number;
}

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
  readonly #operations = new Map<string, ObservedOperation>();
  /** More of them under an id that is taken already. */
  readonly #doubles = new Set<ObservedOperation>();
  readonly #history: History;
  readonly #store: OperationStore | undefined;
  readonly #watchers = new Set<Watcher>();
  #pastByStatus: Counts<OperationStatus> = {};
  #pastByReason: Counts<CancellationReason> = {};

  constructor(options?: RegistryOptions) {
    requireOptions(options);
    const limit = options?.history ?? 1_000;
    requireCount(limit, "options.history", 0);
    this.#history = new History(limit);
    this.#store = options?.store;
  }

  // ---- who is in it ---------------------------------------------------------------------------

  /** Knows an operation from now on, also before it starts; until it ends or is unregistered. */
  register(operation: ObservedOperation): void {
    if (typeof (operation as Partial<ObservedOperation> | null)?.context?.toJSON !== "function")
      throw invalidType("operation", "a Cancellable", operation);
    if (!this.#has(operation)) this.#add(operation);
  }

  /** Forgets an operation, which goes on. False if it was not known. */
  unregister(id: string): boolean {
    requireText(id, "id");
    const operation = this.#operations.get(id);
    if (operation === undefined) return false;
    this.#drop(operation);
    this.#mirror(() => this.#store?.remove(id));
    return true;
  }

  /** Knows every operation that starts from now on, until what this returns is disposed of. */
  registerAll(): Disposable {
    setObserverOfAll(this);
    return { [Symbol.dispose]: () => setObserverOfAll(undefined) };
  }

  // ---- what is in it --------------------------------------------------------------------------

  /** How many operations live. */
  get size(): number {
    return this.#operations.size + this.#doubles.size;
  }

  /** A living operation; of several with the same id the first. */
  get(id: string): OperationSnapshot | undefined {
    requireText(id, "id");
    return this.#operations.get(id)?.context.toJSON();
  }

  /** The living operations that fit, in the order in which they came. */
  list(filter?: OperationFilter): OperationSnapshot[] {
    return this.#matching(filter).map((operation) => operation.context.toJSON());
  }

  /** The living operations, each below the nearest one above it that is known here. */
  tree(): OperationTree[] {
    const nodes = new Map<ObservedOperation, OperationSnapshot & { readonly children: OperationTree[] }>();
    for (const operation of this.#all())
      nodes.set(operation, { ...operation.context.toJSON(), children: [] });
    const roots: OperationTree[] = [];
    for (const [operation, node] of nodes) {
      let above = operation.parent;
      while (above !== undefined && !nodes.has(above)) above = above.parent;
      (above === undefined ? roots : (nodes.get(above)?.children ?? roots)).push(node);
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
    const found = this.#history
      .list()
      .filter((snapshot) => fits(snapshot) && Date.parse(snapshot.endTime ?? "") >= from);
    return limit === undefined || limit >= found.length ? found : found.slice(found.length - limit);
  }

  statistics(): RegistryStatistics {
    const byStatus: Counts<OperationStatus> = {};
    for (const operation of this.#all()) increment(byStatus, operation.context.status);
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
   * What happens from now on: reading is a checkpoint, leaving the loop ends it. A slow reader loses no beginning
   * and no end.
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

  /** Cancels an operation, synchronously. False if none with this id lives, or it was cancelled before. */
  cancel(id: string, reason?: CancellationReason, message?: string): boolean {
    requireText(id, "id");
    let done = this.#operations.get(id)?.cancel(reason, message) ?? false;
    for (const operation of this.#doubles)
      if (operation.id === id) done = operation.cancel(reason, message) || done;
    return done;
  }

  /** Cancels those that fit; returns how many were cancelled by this call. */
  cancelAll(filter?: OperationFilter, reason?: CancellationReason, message?: string): number {
    return this.#matching(filter).filter((operation) => operation.cancel(reason, message)).length;
  }

  /** Drops operations that have ended from the history; returns how many. */
  cleanupCompleted(options?: { readonly olderThan?: Span; readonly keepFailed?: boolean }): number {
    requireOptions(options);
    const { olderThan, keepFailed } = options ?? {};
    if (keepFailed !== undefined) requireBoolean(keepFailed, "options.keepFailed");
    const age = olderThan === undefined ? 0 : toMilliseconds(olderThan, "options.olderThan");
    const before = Date.now() - age;
    return this.#history.drop(
      ({ status, endTime }) => !(keepFailed && status === "failed") && Date.parse(endTime ?? "") <= before,
    );
  }

  /** Forgets everything, the operations that live too, which go on. */
  clear(): void {
    for (const operation of [...this.#all()]) {
      const { id } = operation;
      this.#mirror(() => this.#store?.remove(id));
    }
    this.#operations.clear();
    this.#doubles.clear();
    this.#history.drop(() => true);
    this.#pastByStatus = {};
    this.#pastByReason = {};
  }

  // ---- told by operations ---------------------------------------------------------------------

  /** @internal */
  started(operation: ObservedOperation): void {
    if (!this.#has(operation)) this.#add(operation);
    this.#tell("started", operation);
  }

  /** @internal */
  progressed(operation: ObservedOperation): void {
    if (this.#has(operation)) this.#tell("progress", operation);
  }

  /** @internal */
  cancelled(operation: ObservedOperation): void {
    if (this.#has(operation)) this.#tell("cancelled", operation);
  }

  /** @internal */
  ended(operation: ObservedOperation): void {
    if (!this.#has(operation)) return;
    const snapshot = operation.context.toJSON();
    this.#drop(operation);
    this.#history.add(snapshot);
    increment(this.#pastByStatus, snapshot.status);
    if (snapshot.status === "cancelled" && snapshot.cancelReason !== undefined)
      increment(this.#pastByReason, snapshot.cancelReason);
    this.#tell("ended", operation, snapshot);
    this.#mirror(() => this.#store?.remove(snapshot.id));
  }

  #all(): Iterable<ObservedOperation> {
    return this.#doubles.size === 0
      ? this.#operations.values()
      : [...this.#operations.values(), ...this.#doubles];
  }

  #matching(filter: OperationFilter | undefined): ObservedOperation[] {
    const fits = toPredicate(filter);
    const found: ObservedOperation[] = [];
    for (const operation of this.#all()) if (fits(operation.context)) found.push(operation);
    return found;
  }

  #has(operation: ObservedOperation): boolean {
    return this.#operations.get(operation.id) === operation || this.#doubles.has(operation);
  }

  #add(operation: ObservedOperation): void {
    if (this.#operations.has(operation.id)) this.#doubles.add(operation);
    else this.#operations.set(operation.id, operation);
    this.#tell("registered", operation);
  }

  #drop(operation: ObservedOperation): void {
    if (!this.#doubles.delete(operation)) this.#operations.delete(operation.id);
  }

  #tell(type: OperationEvent["type"], operation: ObservedOperation, ended?: OperationSnapshot): void {
    const store = this.#store;
    if (store !== undefined) {
      const { id } = operation;
      this.#mirror(() =>
        store.put(
          {
            id,
            snapshot: () => operation.context.toJSON(),
            cancel: (reason, message) => operation.cancel(reason, message),
          },
          type,
        ),
      );
    }
    if (this.#watchers.size === 0) return;
    const event: OperationEvent = { type, operation: ended ?? operation.context.toJSON() };
    for (const watcher of this.#watchers) watcher.push(event);
  }

  /** What fails in a store fails nobody's operation. */
  #mirror(tell: () => void | PromiseLike<void>): void {
    const failed = (error: unknown): void => report(error, "the store of a registry");
    try {
      const told: unknown = tell();
      if (isThenable(told)) Promise.resolve(told).then(undefined, failed);
    } catch (error) {
      failed(error);
    }
  }
}

/** The registry of this process: of operations with `register: true`. */
export const registry: OperationRegistry = new OperationRegistry();
setStandingObserver(registry);
