import type { CancellationError } from "@hother/cancelable";
import type { WebSocket } from "ws";

/** The code with which a cancelled connection is closed. `undefined` stands for a handler that failed. */
export function codeFor(error: CancellationError | undefined): number {
  switch (error?.reason) {
    case undefined:
    case "error":
      return 1011; // internal error
    case "timeout":
    case "condition":
      return 1013; // try again later
    default:
      return 1001; // going away
  }
}

/** Closes a socket, unless it is closing. A reason that is too long for a close frame is left out. */
export function closeQuietly(socket: WebSocket, code: number, reason: string): void {
  if (socket.readyState > socket.OPEN) return;
  socket.close(code, Buffer.byteLength(reason) > 123 ? "" : reason);
}

/** The codes of a close that neither side has asked for: without a code, and without a close frame. */
export function describeClose(code: number, reason: string): string {
  if (code === 1006) return "was lost: the connection broke without a close frame (code 1006)";
  const text = reason === "" ? "" : `: ${JSON.stringify(reason)}`;
  return code === 1005 ? "was closed without a code (code 1005)" : `was closed with code ${code}${text}`;
}

/** A socket was closed in another way than a normal end: its code is neither 1000 nor 1001 nor 1005. */
export class SocketClosedError extends Error {
  /** The code of the close: 1006 if the connection broke. */
  readonly closeCode: number;
  /** The reason that the other side gave; often empty. */
  readonly closeReason: string;

  constructor(closeCode: number, closeReason: string, options?: { readonly cause?: unknown }) {
    super(`the socket ${describeClose(closeCode, closeReason)}`, options);
    this.name = "SocketClosedError";
    this.closeCode = closeCode;
    this.closeReason = closeReason;
  }
}
