import type { IncomingMessage, ServerResponse } from "node:http";

/** The request and the response of Node behind a request of the web. */
export interface NodePair {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** How the adapters of Node show them: `@hono/node-server` in the argument after the request, srvx in the request. */
interface Shown {
  readonly incoming?: IncomingMessage;
  readonly outgoing?: ServerResponse;
  readonly runtime?: { readonly node?: { readonly req?: IncomingMessage; readonly res?: ServerResponse } };
}

/** The request and the response of Node, if an adapter shows them. */
export function nodePairOf(request: object, argument: unknown): NodePair | undefined {
  const { incoming, outgoing } = (argument ?? {}) as Shown; // any value has properties, and none of these is a usual one
  if (incoming !== undefined && outgoing !== undefined) return { request: incoming, response: outgoing };
  const node = (request as Shown).runtime?.node; // a property of srvx
  return node?.req === undefined || node.res === undefined
    ? undefined
    : { request: node.req, response: node.res };
}
