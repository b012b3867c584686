import type { Span } from "@hother/cancelable";
import { toMilliseconds } from "@hother/cancelable/extending";
import type Koa from "koa";
import type { Context, Middleware, Next } from "koa";
import { type RequestOperation, requestName } from "../http/request-operation.ts";
import { type RequestOptions, type RequestPlan, toRequestPlan } from "../http/request-options.ts";
import { takenBy } from "../http/taken.ts";
import { readInScope } from "./body.ts";
import { KoaExchange } from "./koa-exchange.ts";

export type { Answer } from "../http/answer.ts";
export type { CallerDeadlineOptions } from "../http/caller-deadline.ts";
export type { DeadlineFormat, DeadlineHeader } from "../http/deadline-header.ts";
export type { CancelledRequest, RequestEnd } from "../http/request-end.ts";
export type { RequestOperation } from "../http/request-operation.ts";
export type { RequestOptions } from "../http/request-options.ts";

declare module "koa" {
  interface ExtendableContext {
    /** The operation of the request. The middleware `cancelable()` sets it. */
    readonly operation: RequestOperation<Koa.Context>;
  }
}

/**
 * Middleware for Koa that runs each request as an operation. The operation is cancelled with the reason `disconnect` when the
 * client leaves before the answer is complete. It is the ambient operation of everything that Koa calls later for this request, and
 * `ctx.operation`. Register the middleware first.
 *
 * In a request that already has an operation, only the time limit of the options counts, as by {@link limit}.
 *
 * @throws TypeError or RangeError for a wrong option.
 *
 * @example
 * ```ts
 * import { once } from "node:events";
 * import { sleep } from "@hother/cancelable";
 * import { cancelable } from "@hother/cancelable-integrations/koa";
 * import Koa from "koa";
 *
 * const app = new Koa();
 * app.use(cancelable({ timeout: 20 }));
 * app.use(async (ctx) => {
 *   await sleep({ minutes: 1 });
 *   ctx.body = "done";
 * });
 *
 * const server = app.listen(0, "127.0.0.1");
 * await once(server, "listening");
 * const { port } = server.address() as { port: number };
 * const answer = await fetch(`http://127.0.0.1:${port}/`);
 * console.assert(answer.status === 504);
 * server.close();
 * ```
 */
export function cancelable(options?: RequestOptions<Context>): Middleware {
  const plan: RequestPlan<Context> = { ...toRequestPlan(options, "cancelable"), nameOf };
  return (context, next) => {
    const taken = operationOf(context);
    if (taken !== undefined) {
      setOperation(context, taken);
      return goOn(taken, plan.timeout, next);
    }
    const exchange = new KoaExchange(plan, context);
    setOperation(context, exchange.operation);
    // Without a call of `next`, the request has been answered.
    let handled: Promise<void> = Promise.resolve();
    exchange.begin(() => {
      handled = next().then(
        () => readInScope(context),
        (error: unknown) => {
          if (exchange.failed(error)) throw error;
        },
      );
      return handled.catch(ignore); // Koa answers the error
    });
    return handled;
  };
}

/**
 * Middleware that sets a time limit for the requests of a route or of a router, counted from their arrival. A limit never
 * lengthens another one.
 *
 * @param span Milliseconds, or a `Duration`.
 * @throws TypeError or RangeError for a wrong span. A request without an operation fails with a TypeError.
 *
 * @example
 * ```ts
 * import { Router } from "@koa/router";
 * import { cancelable, limit } from "@hother/cancelable-integrations/koa";
 * import Koa from "koa";
 *
 * const router = new Router();
 * router.get("/quick", limit({ seconds: 2 }), (ctx) => {
 *   ctx.body = "done";
 * });
 * new Koa().use(cancelable({ timeout: { seconds: 30 } })).use(router.routes());
 * ```
 */
export function limit(span: Span): Middleware {
  const ms = toMilliseconds(span, "span");
  return (context, next) => {
    const operation = operationOf(context);
    if (operation === undefined)
      throw new TypeError("limit() found no operation of the request. Register cancelable() before limit().");
    return goOn(operation, ms, next);
  };
}

async function goOn(operation: RequestOperation<Context>, limitMs: number, next: Next): Promise<void> {
  if (limitMs !== Number.POSITIVE_INFINITY) operation.limit(limitMs);
  if (!operation.isCancelled) await next();
}

/** `@koa/router` tells the pattern of the route that has matched, with all prefixes. */
function nameOf(context: Context): string {
  const route: unknown = context._matchedRoute;
  return requestName(context.method, route === undefined ? undefined : String(route));
}

function operationOf({ req }: { readonly req: object }): RequestOperation<Context> | undefined {
  return takenBy(req) as RequestOperation<Context> | undefined; // requests of Koa have no other operation
}

function setOperation(context: object, operation: RequestOperation<Context>): void {
  (context as { operation: unknown }).operation = operation; // readonly for users
}

const ignore = (): void => {};
