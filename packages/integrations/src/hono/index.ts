import { currentOperation, type Span } from "@hother/cancelable";
import { toMilliseconds } from "@hother/cancelable/extending";
import type { Context, MiddlewareHandler, Next } from "hono";
import type { StreamingApi } from "hono/utils/stream";
import { NodeExchange } from "../http/node-exchange.ts";
import { type NodePair, nodePairOf } from "../http/node-pair.ts";
import { RequestOperation } from "../http/request-operation.ts";
import { type RequestOptions, type RequestPlan, toRequestPlan } from "../http/request-options.ts";
import { takenBy } from "../http/taken.ts";
import { drop, WebExchange } from "../http/web-exchange.ts";
import { webHost } from "../http/web-host.ts";
import { nameOf } from "./name.ts";
import { quietErrors, replaceAnswer, watch } from "./quiet-errors.ts";

export type { Answer } from "../http/answer.ts";
export type { CallerDeadlineOptions } from "../http/caller-deadline.ts";
export type { DeadlineFormat, DeadlineHeader } from "../http/deadline-header.ts";
export type { CancelledRequest, RequestEnd } from "../http/request-end.ts";
export type { RequestOperation } from "../http/request-operation.ts";
export type { RequestOptions } from "../http/request-options.ts";

declare module "hono" {
  interface ContextVariableMap {
    /** The operation of the request. It is also the ambient operation of the middleware and handlers behind `cancelable`. */
    operation: RequestOperation<Context>;
  }
}

/**
 * Middleware for Hono 4 that runs each request as an operation: `c.var.operation`, which is also the ambient operation of the
 * middleware and handlers behind this one. The operation is cancelled with the reason `disconnect` when the client leaves before
 * the answer is complete. Register the middleware before all others. It runs on `@hono/node-server`, Bun and Deno.
 *
 * @throws TypeError or RangeError for a wrong option.
 *
 * @example
 * ```ts
 * import { sleep } from "@hother/cancelable";
 * import { cancelable, limit } from "@hother/cancelable-integrations/hono";
 * import { Hono } from "hono";
 *
 * const app = new Hono();
 * app.use(cancelable({ timeout: { seconds: 30 } }));
 * app.get("/reports/:id", limit(20), async (c) => {
 *   await sleep({ minutes: 1 });
 *   return c.text(c.var.operation.name);
 * });
 * const answer = await app.request("/reports/7");
 * console.assert(answer.status === 504);
 * ```
 */
export function cancelable(options?: RequestOptions<Context>): MiddlewareHandler {
  const base = toRequestPlan(options, "cancelable");
  const plan: RequestPlan<Context> = { ...base, nameOf, registry: quietErrors(base.registry) };
  return (c, next) => {
    const pair = nodePairOf(c.req.raw, c.env);
    const taken = takenBy(pair?.request ?? c.req.raw);
    if (taken !== undefined) {
      // A request has one operation.
      c.set("operation", taken as RequestOperation<Context>); // an integration has made it
      return next();
    }
    return pair === undefined ? onWeb(plan, c, next) : onNode(plan, c, next, pair);
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
 * import { cancelable, limit } from "@hother/cancelable-integrations/hono";
 * import { Hono } from "hono";
 *
 * const app = new Hono();
 * app.use(cancelable({ timeout: { seconds: 30 } }));
 * app.get("/quick", limit({ seconds: 2 }), (c) => c.text("done"));
 * ```
 */
export function limit(span: Span): MiddlewareHandler {
  const ms = toMilliseconds(span, "span");
  return async (c, next) => {
    const operation: RequestOperation<Context> | undefined = c.get("operation"); // typed as if it were always there
    if (operation === undefined)
      throw new TypeError("limit: the request has no operation; use cancelable() before it");
    operation.limit(ms);
    if (!operation.isCancelled) await next();
  };
}

/**
 * The last argument of `stream`, `streamText` and `streamSSE` of Hono. When the callback fails, the connection is broken off, so that
 * the client does not take the answer for complete; without this, Hono ends the answer as if nothing had happened. The error is
 * reported. The cancellation of the request is not: the connection was broken off already.
 *
 * @example
 * ```ts
 * import { breakOff, cancelable } from "@hother/cancelable-integrations/hono";
 * import { Hono } from "hono";
 * import { stream } from "hono/streaming";
 *
 * const app = new Hono();
 * app.use(cancelable());
 * app.get("/rows", (c) =>
 *   stream(
 *     c,
 *     async (out) => {
 *       for (let row = 0; row < 10; row++) await out.writeln(`row ${row}`);
 *     },
 *     breakOff,
 *   ),
 * );
 * ```
 */
export async function breakOff(error: Error, _stream?: StreamingApi): Promise<void> {
  const operation = currentOperation();
  if (!(operation instanceof RequestOperation))
    throw new TypeError("breakOff: the request has no operation; use cancelable() first", { cause: error });
  if (operation.fail(error)) operation.answerFailure(error);
}

/** Calls the middleware and the handler behind this one. Hono has answered their errors already. */
async function goOn(c: Context, next: Next): Promise<void> {
  await next();
  const { operation } = c.var;
  if (c.error !== undefined && !operation.isCancelled && c.res.status >= 500) operation.fail(c.error);
}

/** On Node, the events of its response tell more than the signal of the request does. */
async function onNode(plan: RequestPlan<Context>, c: Context, next: Next, pair: NodePair): Promise<void> {
  const exchange = new NodeExchange(plan, c, pair.request, pair.response, "");
  const { operation } = exchange;
  c.set("operation", operation);
  let handled: Promise<void> | undefined;
  exchange.begin(() => {
    handled = goOn(c, next);
    return handled;
  });
  try {
    await handled;
  } catch (error) {
    if (!operation.isCancelled) throw error;
  }
  if (!operation.isCancelled) return;
  if (c.finalized) drop(c.res);
  replaceAnswer(c, new Response(null)); // the response of Node ignores it
}

async function onWeb(plan: RequestPlan<Context>, c: Context, next: Next): Promise<void> {
  const { env } = c;
  const host = webHost(env?.server ?? env);
  const exchange = new WebExchange(plan, c, c.req.raw, "", host);
  c.set("operation", exchange.operation);
  if (host.tellsByBody) watch(exchange.operation, (error) => exchange.noteFailure(error));
  let response: Response | undefined;
  response = await exchange.begin(async () => {
    await goOn(c, next);
    // Hono tells that no handler has answered. After a cancellation `c.res` is what the client gets, not what the handler returned;
    // outer middleware can have replaced it.
    return c.finalized && response === undefined ? c.res : undefined;
  });
  if (response !== undefined) replaceAnswer(c, response);
}
