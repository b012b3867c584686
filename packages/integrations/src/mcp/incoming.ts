import { Cancellable, type CancellationError, currentScope, isCancellation } from "@hother/cancelable";
import { ErrorCode, McpError } from "@modelcontextprotocol/sdk/types.js";
import type { Connection } from "./connection.ts";
import type { Handler, HandlerExtra, McpRequest } from "./peer.ts";
import { ProgressSender } from "./progress-sender.ts";
import { fromReasonText } from "./reason-text.ts";
import { readTimeLeft } from "./time-left.ts";

/** The handler of a request, as an operation below the scope in which the connection was made. */
export function asOperation(handler: Handler, connection: () => Connection, readsTimeLeft: boolean): Handler {
  return (request, extra) => {
    const current = connection();
    return current.inScope(() => handle(handler, request, extra, current, readsTimeLeft));
  };
}

async function handle(
  handler: Handler,
  request: McpRequest,
  extra: HandlerExtra,
  connection: Connection,
  readsTimeLeft: boolean,
): Promise<unknown> {
  const { signal, requestId, sessionId, _meta } = extra;
  const timeout = readsTimeLeft ? readTimeLeft(_meta) : undefined;
  const operation = new Cancellable({
    name: nameOf(request),
    metadata: { requestId, ...(sessionId !== undefined && { sessionId }) },
    ...(timeout !== undefined && { timeout }),
  });
  const cut = (): void => cancel(operation, signal.reason, connection);
  if (signal.aborted) cut();
  else signal.addEventListener("abort", cut, { once: true });
  if (_meta?.progressToken !== undefined) {
    const sender = new ProgressSender(_meta.progressToken, extra);
    operation.onProgress((progress) => {
      if (!operation.isCancelled) sender.send(progress);
    });
  }
  const inner: HandlerExtra = {
    ...extra,
    signal: operation.signal,
    // The SDK would refuse it with an error of the protocol, which is no cancellation.
    sendRequest: async (...args) => {
      currentScope().check();
      return extra.sendRequest(...args);
    },
  };
  try {
    return await operation.run(async () => {
      const result = await handler(request, inner);
      // `McpServer` makes a result of the error of a tool. No answer is sent where the caller has cancelled.
      if (signal.aborted || isErrorResult(result)) operation.check();
      return result;
    });
  } catch (error) {
    throw !signal.aborted && isCancellation(error, operation) ? toMcpError(operation.error) : error;
  } finally {
    signal.removeEventListener("abort", cut);
  }
}

/** The method, and the name of the tool or the prompt: `tools/call add`. */
function nameOf({ method, params }: McpRequest): string {
  return typeof params?.name === "string" ? `${method} ${params.name}` : method;
}

/** Cancels for the signal of the SDK: its reason is the text of the caller, and an error where the transport has closed. */
function cancel(operation: Cancellable, reason: unknown, { isClosed }: Connection): void {
  if (isClosed) operation.cancel("disconnect", "the connection was closed");
  else if (typeof reason === "string") {
    const received = fromReasonText(reason);
    operation.cancel(received.reason, received.message);
  } else operation.cancel("manual", "the caller has cancelled the request");
}

function isErrorResult(result: unknown): boolean {
  return (result as { readonly isError?: unknown } | null | undefined)?.isError === true;
}

/** The answer for a caller that has not cancelled. */
function toMcpError(error: CancellationError | undefined): unknown {
  if (error === undefined) return error;
  const code = error.reason === "timeout" ? ErrorCode.RequestTimeout : ErrorCode.InternalError;
  return new McpError(code, error.message, { reason: error.reason });
}
