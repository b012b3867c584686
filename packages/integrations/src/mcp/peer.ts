import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { ServerNotification } from "@modelcontextprotocol/sdk/types.js";

/** A request as JSON-RPC has it. */
export interface McpRequest {
  readonly method: string;
  readonly params?: { readonly _meta?: Record<string, unknown> | undefined; readonly [key: string]: unknown };
}

export interface McpProgress {
  readonly progress: number;
  readonly total?: number | undefined;
  readonly message?: string | undefined;
}

/** The options of a request that are read. */
export interface McpRequestOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeout?: number | undefined;
  readonly maxTotalTimeout?: number | undefined;
  readonly resetTimeoutOnProgress?: boolean | undefined;
  readonly onprogress?: ((progress: McpProgress) => void) | undefined;
}

/** The second argument of the handler of a request. */
export interface HandlerExtra {
  readonly signal: AbortSignal;
  readonly requestId: string | number;
  readonly sessionId?: string | undefined;
  readonly _meta?:
    | (Record<string, unknown> & { readonly progressToken?: string | number | undefined })
    | undefined;
  sendNotification(notification: ServerNotification): Promise<void>;
  sendRequest(...args: unknown[]): Promise<unknown>;
}

export type Handler = (request: McpRequest, extra: HandlerExtra) => unknown;

/** The members of a `Client` or a `Server` that are used. */
export interface McpPeer {
  readonly transport?: Transport | undefined;
  connect(transport: Transport, ...rest: unknown[]): Promise<void>;
  request(request: McpRequest, schema: unknown, options?: McpRequestOptions): Promise<unknown>;
  setRequestHandler(schema: unknown, handler: Handler): unknown;
  /** The handlers that were set before. Private in the types of the SDK. */
  readonly _requestHandlers?: unknown;
  /** The id of the next request. Private, too. */
  _requestMessageId?: number;
}
