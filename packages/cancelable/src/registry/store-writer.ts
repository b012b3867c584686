import { invalidType, isThenable } from "../arguments.ts";
import type { CancellationReason } from "../errors.ts";
import type { OperationSnapshot } from "../operation/context.ts";
import type { ObservedOperation } from "../operation/observer.ts";
import { report } from "../reporter.ts";
import type { LiveOperations } from "./live-operations.ts";
import { copyOf, snapshotOf } from "./snapshot.ts";
import type { OperationEvent, OperationStore } from "./store.ts";

/** Tells a store what a registry knows. What fails in a store fails nobody's operation. */
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

  /** @param ended What it was like when it ended. */
  put(type: OperationEvent["type"], operation: ObservedOperation, ended?: OperationSnapshot): void {
    const { id } = operation;
    const operations = this.#operations;
    this.#tell(() =>
      this.#store.put(
        {
          id,
          // A store knows ids: what it is given stands for all operations that have this one.
          snapshot: () =>
            ended === undefined
              ? snapshotOf(operations.has(operation) ? operation : (operations.first(id) ?? operation))
              : copyOf(ended),
          cancel: (reason, message) => this.#cancel(id, reason, message),
        },
        type,
      ),
    );
  }

  /** One with this id has gone; the store forgets it with the last one. */
  remove(id: string): void {
    if (this.#operations.first(id) === undefined) this.#tell(() => this.#store.remove(id));
  }

  #tell(tell: () => void | PromiseLike<void>): void {
    const failed = (error: unknown): void => report(error, "the store of a registry");
    try {
      const told: unknown = tell();
      if (isThenable(told)) Promise.resolve(told).then(undefined, failed);
    } catch (error) {
      failed(error);
    }
  }
}
