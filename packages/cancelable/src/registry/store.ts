import type { CancellationReason } from "../errors.ts";
import type { OperationSnapshot } from "../operation/context.ts";
import type { OperationEventName } from "../operation/events.ts";
import type { OperationFilter } from "./filter.ts";

/** What happened to an operation, and what it was like then. */
export interface OperationEvent {
  /** `registered` when a registry came to know the operation; else an event of its life. */
  readonly type: "registered" | OperationEventName;
  readonly operation: OperationSnapshot;
}

/** An operation of this process, as it is given to a store; what has its id, where several have. */
export interface StoredOperation {
  readonly id: string;
  /** What it is like now; of several the one that `put` tells of, while it lives. */
  snapshot(): OperationSnapshot;
  /** Cancels it, synchronously; false if it was cancelled before or has ended. Of several, all. */
  cancel(reason?: CancellationReason, message?: string): boolean;
}

/**
 * Where operations can be seen: this process's memory, or something that several processes share. A store
 * that is shared is told of every operation that a registry knows, and may cancel it on behalf of others.
 */
export interface OperationStore {
  /** An operation is new, or has changed. What it throws or rejects with is reported. */
  put(operation: StoredOperation, type: OperationEvent["type"]): void | PromiseLike<void>;
  /** An operation has ended and been forgotten. */
  remove(id: string): void | PromiseLike<void>;
  /** The operations that live, of every process that shares the store. */
  list(filter?: OperationFilter): readonly OperationSnapshot[] | PromiseLike<readonly OperationSnapshot[]>;
  /** What happens from now on, in every process that shares the store. */
  watch(): AsyncIterableIterator<OperationEvent>;
  /** Asks whoever runs the operation to cancel it. False if nobody knows it. */
  requestCancel(id: string, reason?: CancellationReason, message?: string): boolean | PromiseLike<boolean>;
}
