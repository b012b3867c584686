import { requireText } from "../arguments.ts";
import type { CancellationReason } from "../errors.ts";
import type { OperationSnapshot } from "../operation/context.ts";
import { type OperationFilter, toPredicate } from "./filter.ts";
import type { OperationDirectory, OperationEvent, OperationStore, StoredOperation } from "./store.ts";
import { type OperationWatcher, type Watcher, watchIn } from "./watcher.ts";

/** A store in the memory of this process. Several registries can share one. */
export class MemoryStore implements OperationStore, OperationDirectory {
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
    for (const watcher of this.#watchers) watcher.removeThrottle(id);
  }

  list(filter?: OperationFilter): OperationSnapshot[] {
    const matches = toPredicate(filter);
    return [...this.#operations.values()].map((operation) => operation.snapshot()).filter(matches);
  }

  get(id: string): OperationSnapshot | undefined {
    requireText(id, "id");
    return this.#operations.get(id)?.snapshot();
  }

  watch(): OperationWatcher {
    return watchIn(this.#watchers, { throttle: 0 });
  }

  /** Cancels the operation at once, because the operations of this store run in this process. */
  requestCancel(id: string, reason?: CancellationReason, message?: string): boolean {
    return this.#operations.get(id)?.cancel(reason, message) ?? false;
  }
}
