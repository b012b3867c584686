import { publish } from "#platform/diagnostics";
import type { OperationEventName } from "./events.ts";
import type { ObservedOperation, OperationObserver } from "./observer.ts";

/** Publishes a snapshot of the operation on the diagnostics channel. */
const toChannel =
  (type: OperationEventName) =>
  (operation: ObservedOperation): void =>
    publish({ type, operation: operation.context.toJSON() });

/** The observer that publishes on the diagnostics channel. Used only while the channel has subscribers. */
export const channelObserver: OperationObserver = {
  started: toChannel("started"),
  progress: toChannel("progress"),
  cancelling: toChannel("cancelling"),
  ended: toChannel("ended"),
};
