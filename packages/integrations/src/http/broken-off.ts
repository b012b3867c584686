/** The errors of streams whose other end is gone, by their codes. */
const codes = new Set([
  "ERR_STREAM_PREMATURE_CLOSE",
  "ERR_STREAM_DESTROYED",
  "ERR_STREAM_WRITE_AFTER_END",
  "ERR_STREAM_UNABLE_TO_PIPE",
  "ERR_HTTP_HEADERS_SENT",
  "ERR_HTTP2_HEADERS_SENT",
  "ERR_HTTP2_INVALID_STREAM",
  "ERR_HTTP2_STREAM_ERROR",
  "ERR_HTTP2_STREAM_CANCEL",
  "EPIPE",
  "ECONNRESET",
]);

interface ErrorFields {
  readonly code?: unknown;
  readonly syscall?: unknown;
  readonly type?: unknown;
}

/**
 * Whether an error of a handler only says that the request or its response is gone. Once a request is cancelled, such an error is
 * no news. An error of the operating system has the name of a system call, and concerns another connection of the handler.
 */
export function isBrokenOff(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (isBrokenBody(error)) return true;
  const { code, syscall, type } = error as ErrorFields; // any error
  // The type is that of the package `raw-body`, with which the parsers of Express and Koa read.
  return type === "request.aborted" || (typeof code === "string" && codes.has(code) && syscall === undefined);
}

/** Whether an error is one of Deno for reading the body of a request whose client has left. */
export function isBrokenBody(error: unknown): boolean {
  return error instanceof Error && /^(BadResource|Http)$/.test(error.name) && / body\b/.test(error.message);
}

/** A request of Node. It keeps the error with which it was destroyed. */
interface DestroyedRequest {
  readonly errored?: (Error & { readonly code?: unknown }) | null | undefined;
}

/**
 * Whether the client of a request has left before its body was complete. Those that read the body hear of it a moment before the
 * operation is cancelled.
 */
export const isAborted = ({ errored }: DestroyedRequest): boolean => errored?.code === "ECONNRESET";
