/**
 * Every event in the life of an operation, in order. Callbacks, observers, the diagnostics channel, the registry
 * and the log all take their words from this list.
 *
 * - `started`: the operation began; its sources watch, its body has not run yet.
 * - `progress`: the operation reported progress, or an operation below with `progressFrom: "children"` did.
 * - `cancelling`: a cancellation reached the operation; its body has not ended yet.
 * - `ended`: the operation is completed, cancelled or failed; its status says which.
 */
export const operationEvents = ["started", "progress", "cancelling", "ended"] as const;

/** An event in the life of an operation. */
export type OperationEventName = (typeof operationEvents)[number];
