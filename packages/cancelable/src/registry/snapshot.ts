import type { OperationSnapshot } from "../operation/context.ts";
import type { ObservedOperation } from "../operation/observer.ts";

/** What an operation is like now. Of a report there is one object, the user's: it is copied here. */
export function snapshotOf(operation: ObservedOperation): OperationSnapshot {
  const snapshot = operation.context.toJSON();
  const { progress } = snapshot;
  return typeof progress === "object" ? { ...snapshot, progress: { ...progress } } : snapshot;
}

/**
 * Another one of the same, for a further reader: whoever changes it changes nobody else's. Values in the metadata
 * are the user's own, of any kind, and are not copied.
 */
export function copyOf(snapshot: OperationSnapshot): OperationSnapshot {
  const { metadata, progress, estimate } = snapshot;
  return {
    ...snapshot,
    metadata: { ...metadata },
    progress: typeof progress === "object" ? { ...progress } : progress,
    estimate: estimate === undefined ? undefined : { ...estimate },
  };
}
