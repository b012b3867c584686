import { formatSpan } from "../duration.ts";
import type { OperationSnapshot } from "../operation/context.ts";
import { show } from "../usage-error.ts";

/** What can be told of an operation: a report, a request to stop, and the three ways of ending, each on its own. */
export type LoggedEvent = "start" | "progress" | "cancel" | "completed" | "cancelled" | "failed";

/** What is published on the channel. */
export interface ChannelEvent {
  readonly type: "start" | "progress" | "cancel" | "end";
  readonly operation: OperationSnapshot;
}

/**
 * What to call the event; undefined for what is not to be told: a request that is published when the
 * operation has ended already, which told of it, and what a later version of the library may publish.
 */
export function kindOf({ type, operation }: ChannelEvent): LoggedEvent | undefined {
  if (type === "start" || type === "progress") return type;
  if (type === "cancel") return operation.endTime === undefined ? type : undefined;
  const { status } = operation;
  const ended = type === "end" && (status === "completed" || status === "cancelled" || status === "failed");
  return ended ? status : undefined;
}

/** The event as data. What is not known is not there. */
export function fieldsOf(
  event: LoggedEvent,
  operation: OperationSnapshot,
  withMetadata: boolean,
): Record<string, unknown> {
  const all = {
    event: `operation.${event}`,
    operationId: operation.id,
    operationName: operation.name,
    parentId: operation.parentId,
    status: operation.status,
    // Of the end only: until then it changes with every look.
    durationMs: operation.endTime === undefined ? undefined : operation.duration,
    cancelReason: operation.cancelReason,
    cancelMessage: operation.cancelMessage,
    error: operation.error,
    progress: event === "progress" ? operation.progress : undefined,
    metadata: withMetadata ? operation.metadata : undefined,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** The event as a sentence on one line: what comes from outside is quoted. */
export function messageOf(event: LoggedEvent, operation: OperationSnapshot): string {
  const subject = `operation ${operation.name === undefined ? operation.id : show(operation.name)}`;
  const after = `after ${formatSpan(operation.duration ?? 0)}`;
  const why = `${operation.cancelReason}, ${show(operation.cancelMessage)}`;
  switch (event) {
    case "start":
      return `${subject} started`;
    case "progress":
      return `${subject} reports ${show(operation.progress)}`;
    case "cancel":
      return `${subject} is being cancelled: ${why}`;
    case "completed":
      return `${subject} completed ${after}`;
    case "cancelled":
      return `${subject} was cancelled ${after}: ${why}`;
    case "failed":
      return `${subject} failed ${after}: ${show(operation.error)}`;
  }
}
