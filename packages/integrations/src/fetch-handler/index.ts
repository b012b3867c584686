import { report } from "@hother/cancelable";
import { type KnownOptions, requireFunction, show } from "@hother/cancelable/extending";
import { NodeExchange } from "../http/node-exchange.ts";
import { type NodePair, nodePairOf } from "../http/node-pair.ts";
import { type RequestOperation, requestName } from "../http/request-operation.ts";
import {
  type RequestOptions,
  type RequestPlan,
  requestOptions,
  toRequestPlan,
} from "../http/request-options.ts";
import { takenBy } from "../http/taken.ts";
import { drop, WebExchange } from "../http/web-exchange.ts";
import { webHost } from "../http/web-host.ts";

export type { Answer } from "../http/answer.ts";
export type { CallerDeadlineOptions } from "../http/caller-deadline.ts";
export type { DeadlineFormat, DeadlineHeader } from "../http/deadline-header.ts";
export type { CancelledRequest, RequestEnd } from "../http/request-end.ts";
export type { RequestOperation } from "../http/request-operation.ts";
export type { RequestOptions } from "../http/request-options.ts";

/** The options of {@link fetchHandler}. */
export interface FetchHandlerOptions<R extends Request = Request> extends RequestOptions<R> {
  /**
   * The pattern of the route of a request, such as `/users/:id`, for the name of its operation. Not the path itself, which would give
   * each request a name of its own. `undefined` means that no route matches. Default: no route.
   */
  readonly route?: string | ((request: R) => string | undefined) | undefined;
}

/**
 * Handles a request. `operation` is also the ambient operation. `host` is what the host passes after the request: the server on Bun,
 * the facts of the connection on Deno, the parameters of the route in Next.
 *
 * The handler may return `undefined` where the host allows that: on Bun, after an upgrade.
 */
export type FetchHandler<R extends Request, Host extends readonly unknown[]> = (
  request: R,
  operation: RequestOperation<R>,
  ...host: Host
) => Response | undefined | Promise<Response | undefined>;

/**
 * A handler for hosts that take a `Request` and wait for a `Response`: `Bun.serve`, `Deno.serve`, route handlers of Next, and adapters
 * for Node. Each request is an operation. The operation is cancelled with the reason `disconnect` when the client leaves before the
 * answer is complete.
 *
 * An error of the handler is reported, and the client gets 500.
 *
 * @throws TypeError or RangeError for a wrong option.
 *
 * @example
 * ```ts
 * import { sleep } from "@hother/cancelable";
 * import { fetchHandler } from "@hother/cancelable-integrations/fetch-handler";
 *
 * const handle = fetchHandler(
 *   async () => {
 *     await sleep({ minutes: 1 });
 *     return new Response("done");
 *   },
 *   { timeout: 20, route: "/slow" },
 * );
 * // Bun.serve({ fetch: handle }), or Deno.serve(handle)
 * const answer = await handle(new Request("http://localhost/slow"));
 * console.assert(answer.status === 504);
 * ```
 */
export function fetchHandler<R extends Request = Request, Host extends readonly unknown[] = []>(
  handler: FetchHandler<R, Host>,
  options?: FetchHandlerOptions<R>,
): (request: R, ...host: Host) => Promise<Response> {
  requireFunction(handler, "handler");
  const plan = toRequestPlan(options, "fetchHandler", known);
  const route = options?.route;
  if (route !== undefined && typeof route !== "string") requireFunction(route, "options.route");
  return async (request, ...host) => {
    const pair = nodePairOf(request, host[0]);
    const raw = pair?.request ?? request;
    const name = nameOf(request, route);
    const handle = async (operation: RequestOperation<R>): Promise<Response | undefined> => {
      const response = await handler(request, operation, ...host);
      if (response !== undefined && !isResponse(response))
        throw new TypeError(`the handler of ${name} must return a Response, got ${show(response)}`);
      return response;
    };
    // A request has one operation. The handler around this one watches the answer.
    const taken = takenBy(raw) as RequestOperation<R> | undefined; // an integration has made it
    const answer =
      taken !== undefined
        ? await handle(taken)
        : pair !== undefined
          ? await onNode(plan, request, pair, name, handle)
          : await onWeb(plan, request, name, host[0], handle);
    return answer as Response; // undefined only if the handler returns that
  };
}

const known: KnownOptions<FetchHandlerOptions> = { ...requestOptions, route: 1 };

type Handle<R> = (operation: RequestOperation<R>) => Promise<Response | undefined>;

function onWeb<R extends Request>(
  plan: RequestPlan<R>,
  request: R,
  name: string,
  argument: unknown,
  handle: Handle<R>,
): Promise<Response | undefined> {
  const exchange = new WebExchange(plan, request, request, name, webHost(argument));
  const { operation } = exchange;
  return exchange.begin(
    () => handle(operation),
    (error) => operation.answerFailure(error),
  );
}

/** A host on Node whose adapter shows the request and the response of Node: their events tell more than the signal does. */
async function onNode<R extends Request>(
  plan: RequestPlan<R>,
  request: R,
  pair: NodePair,
  name: string,
  handle: Handle<R>,
): Promise<Response | undefined> {
  const exchange = new NodeExchange(plan, request, pair.request, pair.response, name);
  const { operation } = exchange;
  let answer: Promise<Response | undefined> | undefined;
  exchange.begin(
    () => {
      answer = handle(operation);
      return answer;
    },
    (error) => operation.answerFailure(error),
  );
  let response: Response | undefined;
  try {
    response = await answer;
    if (!operation.isCancelled) return response;
  } catch {
    // The exchange has answered.
  }
  drop(response);
  return new Response(null); // the response of Node ignores it
}

/** Other libraries have classes of their own, so the class does not tell. */
function isResponse(value: unknown): boolean {
  const { status, headers } = (value ?? {}) as { readonly status?: unknown; readonly headers?: unknown }; // any value has properties
  return typeof status === "number" && typeof headers === "object";
}

function nameOf<R extends Request>(request: R, route: FetchHandlerOptions<R>["route"]): string {
  try {
    return requestName(request.method, typeof route === "function" ? route(request) : route);
  } catch (error) {
    report(error, "options.route");
    return requestName(request.method, undefined);
  }
}
