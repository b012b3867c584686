import { formatSpan } from "./duration.ts";

/** The data of a cancellation that its message contains. */
interface MessageDetail {
  readonly timeoutMs?: number;
  readonly deadline?: string;
  readonly signal?: string;
  readonly conditionName?: string;
  readonly parentReason?: string;
}

/** The message of a cancellation without a message of its own. @param subject The operation or scope. */
export function defaultMessage(
  reason: string,
  detail: MessageDetail | undefined,
  subject = "Operation",
): string {
  const { timeoutMs, deadline, signal, conditionName, parentReason } = detail ?? {};
  switch (reason) {
    case "timeout":
      if (timeoutMs !== undefined) return `${subject} timed out after ${formatSpan(timeoutMs)}`;
      if (deadline === undefined) return `${subject} timed out`;
      return `${subject} timed out: its deadline ${deadline && `${deadline} `}has passed`;
    case "manual":
      return `${subject} cancelled manually`;
    case "signal":
      return `${subject} cancelled by signal${signal === undefined ? "" : ` ${signal}`}`;
    case "condition":
      return `${subject} cancelled: ${conditionName === undefined ? "" : `${conditionName} `}condition met`;
    case "parent":
      return `${subject} cancelled because its parent was cancelled${parentReason === undefined ? "" : ` (${parentReason})`}`;
    default:
      return `${subject} cancelled: ${reason}`;
  }
}
