import type { OperationSnapshot } from "../operation/context.ts";
import type { ObservedOperation } from "../operation/observer.ts";

/** A snapshot of an operation. A progress object is copied, because it belongs to the user. */
export function snapshotOf(operation: ObservedOperation): OperationSnapshot {
  const snapshot = operation.context.toJSON();
  const { progress } = snapshot;
  return typeof progress === "object" ? { ...snapshot, progress: { ...progress } } : snapshot;
}

/**
 * A copy of a snapshot for another reader, so that changes by one reader are invisible to the others. The values in
 * the metadata are not copied: they belong to the user and can be of any kind.
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
