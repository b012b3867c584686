import { show } from "../arguments.ts";
import { formatSpan } from "../duration.ts";
import type { OperationSnapshot } from "../operation/context.ts";
import { type OperationEventName, operationEvents } from "../operation/events.ts";
import { type EndedStatus, hasEnded } from "../operation/status.ts";

/** The kinds of log lines: the events of an operation's life, where `ended` is told by its status. */
export type LoggedEvent = Exclude<OperationEventName, "ended"> | EndedStatus;

/** What is published on the channel. */
export interface ChannelEvent {
  readonly type: OperationEventName;
  readonly operation: OperationSnapshot;
}

/** The kind of the log line for an event; undefined for an event that this version does not know. */
export function kindOf({ type, operation }: ChannelEvent): LoggedEvent | undefined {
  if (type !== "ended") return operationEvents.includes(type) ? type : undefined;
  const { status } = operation;
  return hasEnded(status) ? status : undefined;
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
    error: operation.errorMessage,
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
    case "started":
      return `${subject} started`;
    case "progress":
      return `${subject} reports ${show(operation.progress)}`;
    case "cancelling":
      return `${subject} is being cancelled: ${why}`;
    case "completed":
      return `${subject} completed ${after}`;
    case "cancelled":
      return `${subject} was cancelled ${after}: ${why}`;
    case "failed":
      return `${subject} failed ${after}: ${show(operation.errorMessage)}`;
  }
}
