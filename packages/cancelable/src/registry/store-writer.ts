import { invalidType, isThenable } from "../arguments.ts";
import type { CancellationReason } from "../errors.ts";
import type { OperationSnapshot } from "../operation/context.ts";
import type { ObservedOperation } from "../operation/observer.ts";
import { report } from "../reporter.ts";
import type { LiveOperations } from "./live-operations.ts";
import { copyOf, snapshotOf } from "./snapshot.ts";
import type { OperationEvent, OperationStore, StoredOperation } from "./store.ts";

/** Writes the operations of a registry to its store. Errors of the store are reported. */
export class StoreWriter {
  readonly #store: OperationStore;
  readonly #operations: LiveOperations;
  readonly #cancel: (id: string, reason?: CancellationReason, message?: string) => boolean;

  constructor(
    store: OperationStore,
    operations: LiveOperations,
    cancel: (id: string, reason?: CancellationReason, message?: string) => boolean,
  ) {
    for (const method of ["put", "remove"] as const) {
      if (typeof (store as Partial<OperationStore> | null)?.[method] !== "function")
        throw invalidType("options.store", "an OperationStore", store);
    }
    this.#store = store;
    this.#operations = operations;
    this.#cancel = cancel;
  }

  /** @param ended The last snapshot of an operation that has ended. */
  put(type: OperationEvent["type"], operation: ObservedOperation, ended?: OperationSnapshot): void {
    const { id } = operation;
    const operations = this.#operations;
    const stored: StoredOperation = {
      id,
      snapshot: () =>
        ended === undefined
          ? snapshotOf(operations.has(operation) ? operation : (operations.first(id) ?? operation))
          : copyOf(ended),
      cancel: (reason, message) => this.#cancel(id, reason, message),
    };
    this.#call(() => this.#store.put(stored, type));
  }

  /** To be called after an operation was removed. The store is called when no other operation has this id. */
  remove(id: string): void {
    if (this.#operations.first(id) === undefined) this.#call(() => this.#store.remove(id));
  }

  #call(method: () => void | PromiseLike<void>): void {
    const reportError = (error: unknown): void => report(error, "the store of a registry");
    try {
      const result: unknown = method();
      if (isThenable(result)) Promise.resolve(result).then(undefined, reportError);
    } catch (error) {
      reportError(error);
    }
  }
}
