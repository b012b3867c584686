import type { IncomingMessage, ServerResponse } from "node:http";
import { type Cancellable, currentOperation, report } from "@hother/cancelable";
import { type KnownOptions, requireFunction } from "@hother/cancelable/extending";
import { NodeExchange, takenBy } from "../http/node-exchange.ts";
import { type RequestOperation, requestName } from "../http/request-operation.ts";
import { type RequestOptions, requestOptions, toRequestPlan } from "../http/request-options.ts";

export type { Answer } from "../http/answer.ts";
export type { CallerDeadlineOptions } from "../http/caller-deadline.ts";
export type { DeadlineFormat, DeadlineHeader } from "../http/deadline-header.ts";
export type { CancelledRequest, RequestEnd } from "../http/request-end.ts";
export type { RequestOperation } from "../http/request-operation.ts";
export type { RequestOptions } from "../http/request-options.ts";

/** The options of {@link requestListener}. */
export interface ListenerOptions extends RequestOptions<IncomingMessage> {
  /**
   * The pattern of the route of a request, such as `/users/:id`, for the name of its operation. Not the path itself, which would give
   * each request a name of its own. `undefined` means that no route matches. Default: no route.
   */
  readonly route?: ((request: IncomingMessage) => string | undefined) | undefined;
}

/** Handles a request. `operation` is also the ambient operation. */
export type RequestHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  operation: RequestOperation<IncomingMessage>,
) => unknown;

/**
 * A listener for `node:http`, `node:https` and `node:http2` that runs each request as an operation. The operation is cancelled with
 * the reason `disconnect` when the client leaves before the answer is complete.
 *
 * An error of the handler is reported. If no answer has begun, the client gets 500; otherwise the connection is cut.
 *
 * @throws TypeError or RangeError for a wrong option.
 *
 * @example
 * ```ts
 * import { once } from "node:events";
 * import { createServer } from "node:http";
 * import { sleep } from "@hother/cancelable";
 * import { requestListener } from "@hother/cancelable-integrations/node-http";
 *
 * const server = createServer(
 *   requestListener(
 *     async (_request, response) => {
 *       await sleep({ minutes: 1 });
 *       response.end("done");
 *     },
 *     { timeout: 20, route: () => "/slow" },
 *   ),
 * );
 * await once(server.listen(0, "127.0.0.1"), "listening");
 * const { port } = server.address() as { port: number };
 * const answer = await fetch(`http://127.0.0.1:${port}/slow`);
 * console.assert(answer.status === 504);
 * server.close();
 * ```
 */
export function requestListener(
  handler: RequestHandler,
  options?: ListenerOptions,
): (request: IncomingMessage, response: ServerResponse) => unknown {
  requireFunction(handler, "handler");
  const plan = toRequestPlan(options, "requestListener", known);
  const route = options?.route;
  if (route !== undefined) requireFunction(route, "options.route");
  return (request, response) => {
    const taken = takenBy(request) as RequestOperation<IncomingMessage> | undefined; // only these are noted
    if (taken !== undefined) {
      const handle = () => handler(request, response, taken);
      // A request has one operation. The listener around this one waits for the returned promise.
      if (runsIn(taken)) return handle();
      taken.beginAnother(handle, (error) => taken.answerFailure(error));
      return;
    }
    const exchange = new NodeExchange(plan, request, request, response, nameOf(request, route));
    const { operation } = exchange;
    exchange.begin(
      () => handler(request, response, operation),
      (error) => operation.answerFailure(error),
    );
  };
}

/** Whether the calling code runs in the operation. */
function runsIn(operation: Cancellable): boolean {
  let one = currentOperation();
  while (one !== undefined && one !== operation) one = one.parent;
  return one === operation;
}

const known: KnownOptions<ListenerOptions> = { ...requestOptions, route: 1 };

function nameOf(request: IncomingMessage, route: ListenerOptions["route"]): string {
  try {
    return requestName(request.method, route?.(request));
  } catch (error) {
    report(error, "options.route");
    return requestName(request.method, undefined);
  }
}
