import type { CancellationReason } from "../errors.ts";
import type { OperationSnapshot } from "../operation/context.ts";
import type { OperationEventName } from "../operation/events.ts";
import type { OperationFilter } from "./filter.ts";

/** An event of an operation, with a snapshot of the operation at that moment. */
export interface OperationEvent {
  /** `registered` when a registry added the operation; otherwise an event of the operation's life. */
  readonly type: "registered" | OperationEventName;
  readonly operation: OperationSnapshot;
  /** The number of events that were dropped before this one, because the reader is too slow. Absent if none was. */
  readonly dropped?: number;
}

/**
 * An operation of this process, as a registry passes it to a store. A store identifies operations by their id. If
 * several live operations of a registry share an id, this object represents all of them.
 */
export interface StoredOperation {
  readonly id: string;
  /**
   * A snapshot of now. If several live operations share the id: of the operation for which `put` was called, or of
   * the first one after that operation has ended.
   */
  snapshot(): OperationSnapshot;
  /** Cancels all operations with this id, synchronously. Returns false if each was cancelled before or has ended. */
  cancel(reason?: CancellationReason, message?: string): boolean;
}

/**
 * The write side of a store: the two methods that a registry calls. A store keeps the operations of one or of several
 * registries, in the memory of a process or in a database that several processes share. Errors of a store go to the
 * reporter and do not affect the operation. {@link OperationDirectory} is the read side.
 */
export interface OperationStore {
  /** Called when an operation was registered, and on every event of its life. */
  put(operation: StoredOperation, type: OperationEvent["type"]): void | PromiseLike<void>;
  /** Called when the last operation with this id has ended or was unregistered. */
  remove(id: string): void | PromiseLike<void>;
}

/**
 * The read side of a store, for dashboards and administration. The methods cover the operations of every process that
 * uses the store. No registry calls these methods. A class can implement both sides, as {@link MemoryStore} does.
 */
export interface OperationDirectory {
  /** The live operations that match the filter. */
  list(filter?: OperationFilter): readonly OperationSnapshot[] | PromiseLike<readonly OperationSnapshot[]>;
  /** The live operation with this id. */
  get(id: string): OperationSnapshot | undefined | PromiseLike<OperationSnapshot | undefined>;
  /** The events from now on. */
  watch(): AsyncIterableIterator<OperationEvent>;
  /**
   * Asks the process that runs the operation to cancel it. Returns false if the store has no operation with this id.
   */
  requestCancel(id: string, reason?: CancellationReason, message?: string): boolean | PromiseLike<boolean>;
}
