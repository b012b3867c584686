import { type CancellationError, type CancellationReason, isCancellation } from "@hother/cancelable";

/** A cancellation as the protocol carries it. */
export interface ReceivedReason {
  readonly reason: CancellationReason;
  readonly message: string | undefined;
}

/** The first line of a text that this module writes: the reason, a colon and the message. */
const written = /^([a-z]+(?:-[a-z]+)*)(?:: ([\s\S]+))?$/;

/**
 * The text of a cancellation for `notifications/cancelled`, such as `disconnect: the user has left`. Of a cancellation that
 * came from above, the text of the first cancellation.
 */
export function toReasonText(error: CancellationError): string {
  let first = error;
  while (first.reason === "parent" && isCancellation(first.cause)) first = first.cause;
  return `${first.reason}: ${first.message}`;
}

/** The text of the reason of a foreign signal. The SDK writes "[object Object]" for an object. */
export function textOf(reason: unknown): string {
  if (typeof reason === "string") return reason;
  if (isCancellation(reason)) return toReasonText(reason);
  if (reason instanceof Error) return reason.message;
  try {
    return JSON.stringify(reason) ?? String(reason);
  } catch {
    return "an object that cannot be written as JSON";
  }
}

/** The cancellation that a text means. A text of another library is the message of a cancellation with the reason `manual`. */
export function fromReasonText(text: string): ReceivedReason {
  // A client of the SDK whose own time limit has passed.
  if (text.startsWith("McpError: MCP error -32001")) return { reason: "timeout", message: text };
  const [, reason, message] = written.exec(text) ?? [];
  return reason === undefined ? { reason: "manual", message: text } : { reason, message };
}
