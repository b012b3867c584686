import { currentOperation, report, type Span } from "@hother/cancelable";
import { requireFunction, toMilliseconds } from "@hother/cancelable/extending";
import type { ErrorRequestHandler, NextFunction, Request, RequestHandler, Response } from "express";
import { isAborted } from "../http/broken-off.ts";
import { isClientError } from "../http/client-error.ts";
import { NodeExchange, takenBy } from "../http/node-exchange.ts";
import { type RequestOperation, requestName } from "../http/request-operation.ts";
import { type RequestOptions, type RequestPlan, toRequestPlan } from "../http/request-options.ts";
import { routePattern } from "./route-pattern.ts";

export type { Answer } from "../http/answer.ts";
export type { CallerDeadlineOptions } from "../http/caller-deadline.ts";
export type { DeadlineFormat, DeadlineHeader } from "../http/deadline-header.ts";
export type { CancelledRequest, RequestEnd } from "../http/request-end.ts";
export type { RequestOperation } from "../http/request-operation.ts";
export type { RequestOptions } from "../http/request-options.ts";

declare global {
  // The types of Express have this namespace for such fields.
  namespace Express {
    interface Request {
      /** The operation of the request. The middleware `cancelable()` sets it. */
      readonly operation: RequestOperation<ExpressRequest>;
    }
  }
}

/** The request of Express, inside a namespace that has a `Request` of its own. */
type ExpressRequest = Request;

/**
 * Middleware for Express 4 and 5 that runs each request as an operation. The operation is cancelled with the reason `disconnect`
 * when the client leaves before the answer is complete. It is the ambient operation of everything that Express calls later for
 * this request, and `request.operation`. Register the middleware first.
 *
 * In a request that already has an operation, only the time limit of the options counts, as by {@link limit}.
 *
 * @throws TypeError or RangeError for a wrong option.
 *
 * @example
 * ```ts
 * import { once } from "node:events";
 * import { sleep } from "@hother/cancelable";
 * import { cancelable, operationErrors } from "@hother/cancelable-integrations/express";
 * import express from "express";
 *
 * const app = express();
 * app.use(cancelable({ timeout: 20 }));
 * app.get("/reports/:id", async (_request, response) => {
 *   await sleep({ minutes: 1 });
 *   response.send("done");
 * });
 * app.use(operationErrors());
 *
 * const server = app.listen(0, "127.0.0.1");
 * await once(server, "listening");
 * const { port } = server.address() as { port: number };
 * const answer = await fetch(`http://127.0.0.1:${port}/reports/7`);
 * console.assert(answer.status === 504);
 * server.close();
 * ```
 */
export function cancelable(options?: RequestOptions<Request>): RequestHandler {
  const plan: RequestPlan<Request> = { ...toRequestPlan(options, "cancelable"), nameOf };
  return (request, response, next) => {
    const taken = operationOf(request);
    if (taken === undefined) {
      const exchange = new NodeExchange(plan, request, request, response, "");
      setOperation(request, exchange.operation);
      exchange.begin(next, next);
      return;
    }
    setOperation(request, taken);
    goOn(taken, plan.timeout, next);
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
 * import { cancelable, limit } from "@hother/cancelable-integrations/express";
 * import express from "express";
 *
 * const app = express();
 * app.use(cancelable({ timeout: { seconds: 30 } }));
 * app.get("/quick", limit({ seconds: 2 }), (_request, response) => void response.send("done"));
 * ```
 */
export function limit(span: Span): RequestHandler {
  const ms = toMilliseconds(span, "span");
  return (request, _response, next) => goOn(requireOperation(request, "limit"), ms, next);
}

/**
 * Makes a handler whose promise Express and the operation know: the operation ends after the promise has settled, and an
 * error of the promise goes to `next(error)`, also in Express 4. The cancellation of the request goes nowhere, because the request
 * has its answer. The handler runs in the operation, also behind middleware that loses the async context.
 *
 * @throws TypeError if `fn` is no function. A request without an operation fails with a TypeError.
 *
 * @example
 * ```ts
 * import { sleep } from "@hother/cancelable";
 * import { cancelable, handler } from "@hother/cancelable-integrations/express";
 * import express from "express";
 *
 * const app = express();
 * app.use(cancelable());
 * app.get(
 *   "/reports/:id",
 *   handler(async (request, response) => {
 *     await sleep(100);
 *     response.send(`report ${request.params.id}`);
 *   }),
 * );
 * ```
 */
export function handler<Params = Request["params"]>(
  fn: (request: Request<Params>, response: Response, next: NextFunction) => unknown,
): RequestHandler<Params> {
  requireFunction(fn, "fn");
  return (request, response, next) => {
    const operation = requireOperation(request, "handler");
    const handle = (): void => {
      const call = async () => fn(request, response, next);
      operation.handling(call().catch((error: unknown) => passOn(error, request, response, operation, next)));
    };
    if (currentOperation() === operation) handle();
    else operation.wrap(handle)().catch(ignore);
  };
}

/**
 * Middleware for errors. Register it behind the routes, and before other middleware for errors. It keeps back the cancellation
 * of a request, which has been answered already, and passes on all other errors. Such an error makes the status of the operation
 * `failed`, unless its `status` or `statusCode` is from 400 to 499. An error that comes after the answer to a cancellation, for example
 * from clean-up, goes to the reporter: Express would close the connection.
 *
 * @example
 * ```ts
 * import { cancelable, operationErrors } from "@hother/cancelable-integrations/express";
 * import express from "express";
 *
 * const app = express();
 * app.use(cancelable());
 * app.get("/broken", async () => {
 *   throw new Error("broken");
 * });
 * app.use(operationErrors());
 * ```
 */
export function operationErrors(): ErrorRequestHandler {
  // Express knows middleware for errors by its four parameters.
  return (error: unknown, request, response, next) =>
    passOn(error, request, response, operationOf(request), next);
}

function passOn(
  error: unknown,
  request: Pick<Request, "errored">,
  { writableEnded }: { readonly writableEnded: boolean },
  operation: RequestOperation<Request> | undefined,
  next: NextFunction,
): void {
  if (operation?.isConsequence(error)) return;
  if (operation?.isCancelled === false && isAborted(request)) return;
  if (!isClientError(error)) operation?.fail(error);
  if (operation?.isCancelled && writableEnded) {
    // Express would close the connection, on which the client can have sent its next request.
    report(error, `the handler of ${operation.name}`);
    return;
  }
  next(error || new Error(`a handler failed with ${error}`)); // Express takes next(undefined) for no error
}

function goOn(operation: RequestOperation<Request>, limitMs: number, next: NextFunction): void {
  if (limitMs !== Number.POSITIVE_INFINITY) operation.limit(limitMs);
  if (!operation.isCancelled) next();
}

const nameOf = (request: Request): string => requestName(request.method, routePattern(request));

const ignore = (): void => {};

function operationOf(request: object): RequestOperation<Request> | undefined {
  return takenBy(request as Request) as RequestOperation<Request> | undefined; // requests of Express have no other operation
}

function requireOperation(request: object, of: string): RequestOperation<Request> {
  const operation = operationOf(request);
  if (operation !== undefined) return operation;
  throw new TypeError(`${of}() found no operation of the request. Register cancelable() before ${of}().`);
}

function setOperation(request: Request, operation: RequestOperation<Request>): void {
  (request as { operation: unknown }).operation = operation; // readonly for users
}
