import { report, type Span } from "@hother/cancelable";
import { toMilliseconds } from "@hother/cancelable/extending";
import { type H3Event, HTTPError, type Middleware, toResponse } from "h3";
import { NodeExchange } from "../http/node-exchange.ts";
import { type NodePair, nodePairOf } from "../http/node-pair.ts";
import { type RequestOperation, requestName } from "../http/request-operation.ts";
import { type RequestOptions, type RequestPlan, toRequestPlan } from "../http/request-options.ts";
import { takenBy } from "../http/taken.ts";
import { WebExchange } from "../http/web-exchange.ts";
import { webHost } from "../http/web-host.ts";
import { dropBody } from "./drop-body.ts";

export type { Answer } from "../http/answer.ts";
export type { CallerDeadlineOptions } from "../http/caller-deadline.ts";
export type { DeadlineFormat, DeadlineHeader } from "../http/deadline-header.ts";
export type { CancelledRequest, RequestEnd } from "../http/request-end.ts";
export type { RequestOperation } from "../http/request-operation.ts";
export type { RequestOptions } from "../http/request-options.ts";

declare module "h3" {
  interface H3EventContext {
    /** The operation of the request. It is also the ambient operation of the middleware and handlers behind `cancelable`. */
    operation: RequestOperation<H3Event>;
  }
}

/**
 * Middleware for h3 2 that runs each request as an operation: `event.context.operation`, which is also the ambient operation of the
 * middleware and handlers behind this one. The operation is cancelled with the reason `disconnect` when the client leaves before
 * the answer is complete. Register the middleware before all others. It runs on Node, Bun and Deno.
 *
 * @throws TypeError or RangeError for a wrong option.
 *
 * @example
 * ```ts
 * import { sleep } from "@hother/cancelable";
 * import { cancelable, limit } from "@hother/cancelable-integrations/h3";
 * import { H3 } from "h3";
 *
 * const app = new H3();
 * app.use(cancelable({ timeout: { seconds: 30 } }));
 * app.get(
 *   "/reports/:id",
 *   async (event) => {
 *     await sleep({ minutes: 1 });
 *     return event.context.operation.name;
 *   },
 *   { middleware: [limit(20)] },
 * );
 * const answer = await app.request("/reports/7");
 * console.assert(answer.status === 504);
 * ```
 */
export function cancelable(options?: RequestOptions<H3Event>): Middleware {
  const plan: RequestPlan<H3Event> = { ...toRequestPlan(options, "cancelable"), nameOf };
  return (event, next) => {
    const pair = nodePairOf(event.req, undefined);
    const taken = takenBy(pair?.request ?? event.req);
    if (taken !== undefined) {
      // A request has one operation.
      event.context.operation = taken as RequestOperation<H3Event>; // an integration has made it
      return next();
    }
    return pair === undefined ? onWeb(plan, event, next) : onNode(plan, event, next, pair);
  };
}

/**
 * Middleware that sets a time limit for the requests of a route, counted from their arrival. A limit never lengthens another one.
 *
 * @param span Milliseconds, or a `Duration`.
 * @throws TypeError or RangeError for a wrong span. A request without an operation fails with a TypeError.
 *
 * @example
 * ```ts
 * import { cancelable, limit } from "@hother/cancelable-integrations/h3";
 * import { H3 } from "h3";
 *
 * const app = new H3();
 * app.use(cancelable({ timeout: { seconds: 30 } }));
 * app.get("/quick", () => "done", { middleware: [limit({ seconds: 2 })] });
 * ```
 */
export function limit(span: Span): Middleware {
  const ms = toMilliseconds(span, "span");
  return (event, next) => {
    const operation: RequestOperation<H3Event> | undefined = event.context.operation; // typed as if it were always there
    if (operation === undefined)
      throw new TypeError("limit: the request has no operation; use cancelable() before it");
    operation.limit(ms);
    return operation.isCancelled ? noAnswer() : next();
  };
}

type Next = Parameters<Middleware>[1];

/** On Node, the events of its response tell more than the signal of the request does. */
async function onNode(
  plan: RequestPlan<H3Event>,
  event: H3Event,
  next: Next,
  pair: NodePair,
): Promise<unknown> {
  const exchange = new NodeExchange(plan, event, pair.request, pair.response, "");
  const { operation } = exchange;
  event.context.operation = operation;
  let value: unknown;
  let thrown: { readonly error: unknown } | undefined;
  let handled: Promise<void> | undefined;
  exchange.begin(() => {
    handled = handle();
    return handled;
  });
  async function handle(): Promise<void> {
    try {
      value = await next();
    } catch (error) {
      thrown = { error };
      // Without an answer to send, h3 does not get the error.
      if (!isClientError(error) && operation.fail(error) && operation.isCancelled)
        report(error, `the handler of ${operation.name}`);
    }
  }
  await handled;
  if (operation.isCancelled) {
    dropBody(value);
    return noAnswer();
  }
  if (thrown !== undefined) throw thrown.error;
  return value;
}

async function onWeb(plan: RequestPlan<H3Event>, event: H3Event, next: Next): Promise<unknown> {
  const { bun, deno } = (event.runtime ?? {}) as HostRuntime; // srvx gives them
  const exchange = new WebExchange(plan, event, event.req, "", webHost(bun?.server ?? deno?.info));
  const { operation } = exchange;
  event.context.operation = operation;
  // The hook is called by h3, when it gets the answer.
  const { onResponse: _, ...config } = event.app?.config ?? {};
  return exchange.begin(async () => {
    let value: unknown;
    try {
      value = await next();
    } catch (error) {
      exchange.noteFailure(error);
      if (operation.isCancelled) throw error;
      if (!isClientError(error)) operation.fail(error);
      value = Promise.reject(error);
    }
    if (operation.isCancelled) {
      dropBody(value);
      return undefined;
    }
    return toResponse(value, event, config);
  });
}

interface HostRuntime {
  readonly bun?: { readonly server?: object };
  readonly deno?: { readonly info?: object };
}

const isClientError = (error: unknown): boolean => HTTPError.isError(error) && error.status < 500;

/** For h3, after the request has been answered. The response of Node ignores it. */
const noAnswer = (): Response => new Response(null);

const nameOf = ({ req, context }: H3Event): string => requestName(req.method, context.matchedRoute?.route);
