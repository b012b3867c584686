import { show } from "../arguments.ts";
import { formatSpan } from "../duration.ts";
import type { OperationSnapshot } from "../operation/context.ts";
import { type OperationEventName, operationEvents } from "../operation/events.ts";
import { type EndedStatus, hasEnded } from "../operation/status.ts";

/** The kinds of log lines: the events of an operation, with the final status in place of `ended`. */
export type LoggedEvent = Exclude<OperationEventName, "ended"> | EndedStatus;

/** A message on the diagnostics channel. */
export interface ChannelEvent {
  readonly type: OperationEventName;
  readonly operation: OperationSnapshot;
  /** The error of an operation that has failed. */
  readonly error?: unknown;
}

/** The kind of the log line for a message. Undefined for an event of a newer version of this package. */
export function kindOf({ type, operation }: ChannelEvent): LoggedEvent | undefined {
  if (type !== "ended") return operationEvents.includes(type) ? type : undefined;
  const { status } = operation;
  return hasEnded(status) ? status : undefined;
}

/** The fields of a log line. Undefined values are omitted. */
export function fieldsOf(
  event: LoggedEvent,
  { operation, error }: ChannelEvent,
  withMetadata: boolean,
): Record<string, unknown> {
  const all = {
    event: `operation.${event}`,
    operationId: operation.id,
    operationName: operation.name,
    parentId: operation.parentId,
    status: operation.status,
    // Only for ended operations: before the end, the value would be different at every read.
    durationMs: operation.endTime === undefined ? undefined : rounded(operation.duration as number),
    cancelReason: operation.cancelReason,
    cancelMessage: operation.cancelMessage,
    // The key that pino and others print with class, stack and cause.
    err: error,
    progress: event === "progress" ? operation.progress : undefined,
    metadata: withMetadata ? operation.metadata : undefined,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** To a thousandth of a millisecond: more digits are noise. */
function rounded(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}

/** The message of a log line: one sentence on one line. Text from users is quoted. */
export function messageOf(event: LoggedEvent, operation: OperationSnapshot): string {
  const subject = `operation ${operation.name === undefined ? operation.id : show(operation.name)}`;
  const after = `after ${formatSpan(operation.duration ?? 0)}`;
  const { cancelMessage = "" } = operation;
  // A message of the library starts with the operation, like the line.
  const why = cancelMessage.startsWith(`${subject} `)
    ? cancelMessage.slice(subject.length + 1)
    : cancelMessage;
  const reason = `${operation.cancelReason}, ${show(why)}`;
  switch (event) {
    case "started":
      return `${subject} started`;
    case "progress":
      return `${subject} reported ${show(operation.progress)}`;
    case "cancelling":
      return `${subject} is being cancelled: ${reason}`;
    case "completed":
      return `${subject} completed ${after}`;
    case "cancelled":
      return `${subject} was cancelled ${after}: ${reason}`;
    case "failed":
      return `${subject} failed ${after}: ${show(operation.errorMessage)}`;
  }
}
