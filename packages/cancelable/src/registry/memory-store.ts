import type { CancellationReason } from "../errors.ts";
import type { OperationSnapshot } from "../operation/context.ts";
import { type OperationFilter, toPredicate } from "./filter.ts";
import type { OperationEvent, OperationStore, StoredOperation } from "./store.ts";
import { Watcher } from "./watcher.ts";

/** A store in this process's memory: several registries in one place, and the pattern for others. */
export class MemoryStore implements OperationStore {
  readonly #operations = new Map<string, StoredOperation>();
  readonly #watchers = new Set<Watcher>();

  put(operation: StoredOperation, type: OperationEvent["type"]): void {
    if (type !== "ended") this.#operations.set(operation.id, operation);
    if (this.#watchers.size === 0) return;
    const event: OperationEvent = { type, operation: operation.snapshot() };
    for (const watcher of this.#watchers) watcher.push(event, operation.id);
  }

  remove(id: string): void {
    this.#operations.delete(id);
    for (const watcher of this.#watchers) watcher.forget(id);
  }

  list(filter?: OperationFilter): OperationSnapshot[] {
    const fits = toPredicate(filter);
    return [...this.#operations.values()].map((operation) => operation.snapshot()).filter(fits);
  }

  watch(): AsyncIterableIterator<OperationEvent> {
    const watcher = new Watcher(0, (one) => this.#watchers.delete(one));
    this.#watchers.add(watcher);
    return watcher;
  }

  requestCancel(id: string, reason?: CancellationReason, message?: string): boolean {
    return this.#operations.get(id)?.cancel(reason, message) ?? false;
  }
}
