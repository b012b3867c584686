import type { IncomingMessage } from "node:http";
import type { Span } from "@hother/cancelable";
import { type KnownOptions, requireKnownOptions, toMilliseconds } from "@hother/cancelable/extending";
import type {
  FastifyContextConfig,
  FastifyInstance,
  FastifyPluginAsync,
  FastifyRequest,
  RouteHandlerMethod,
} from "fastify";
import { takenBy } from "../http/node-exchange.ts";
import type { RequestEnd } from "../http/request-end.ts";
import { type RequestOperation, requestName } from "../http/request-operation.ts";
import { type RequestOptions, type RequestPlan, toRequestPlan } from "../http/request-options.ts";
import { FastifyExchange } from "./fastify-exchange.ts";

export type { Answer } from "../http/answer.ts";
export type { CallerDeadlineOptions } from "../http/caller-deadline.ts";
export type { DeadlineFormat, DeadlineHeader } from "../http/deadline-header.ts";
export type { CancelledRequest, RequestEnd } from "../http/request-end.ts";
export type { RequestOperation } from "../http/request-operation.ts";

/** The options of {@link cancelable}. */
export interface CancelableOptions extends RequestOptions<FastifyRequest> {}

/** The limits of one route, as `cancelable` in the `config` of the route. */
export interface RouteLimits {
  /** The time that a request may take, counted from its arrival. It does not lengthen the limit of the plugin. Default: no limit. */
  readonly timeout?: Span | undefined;
}

declare module "fastify" {
  interface FastifyRequest {
    /** The operation of the request. It is also the ambient operation of the hooks and of the handler. */
    readonly operation: RequestOperation<FastifyRequest>;
  }
  interface FastifyContextConfig {
    /** The limits of the requests to this route. */
    cancelable?: RouteLimits | undefined;
  }
}

const exchangeKey = Symbol("@hother/cancelable-integrations.exchange");
const planKey = Symbol("@hother/cancelable-integrations.plan");

const pluginName = "@hother/cancelable-integrations/fastify";

interface Marked {
  [exchangeKey]?: FastifyExchange | undefined;
}

const knownLimits: KnownOptions<RouteLimits> = { timeout: 1 };

/**
 * A plugin for Fastify 5 that runs each request as an operation: `request.operation`, which is also the ambient operation of the
 * hooks, parsers and handlers that come after the plugin. The operation is cancelled with the reason `disconnect` when the client
 * leaves before the answer is complete. Register the plugin before the routes and the other plugins.
 *
 * @throws TypeError or RangeError for a wrong option; Error if the plugin is registered here or above already.
 *
 * @example
 * ```ts
 * import { sleep } from "@hother/cancelable";
 * import { cancelable } from "@hother/cancelable-integrations/fastify";
 * import { fastify } from "fastify";
 *
 * const app = fastify();
 * await app.register(cancelable, { timeout: { seconds: 30 } });
 * app.get("/slow", { config: { cancelable: { timeout: 20 } } }, async (request) => {
 *   await sleep({ minutes: 1 });
 *   return request.operation.name;
 * });
 * const answer = await app.inject("/slow");
 * console.assert(answer.statusCode === 504);
 * await app.close();
 * ```
 */
export const cancelable: FastifyPluginAsync<CancelableOptions> = async (app, options) => {
  if (app.hasDecorator(planKey))
    throw new Error(
      `${pluginName} is registered in this scope, or in a scope above it, already. Register it once`,
    );
  const plan = withLog(toRequestPlan(options, "cancelable"), app.initialConfig.disableRequestLogging);
  app.decorate(planKey, plan);
  app.decorateRequest(exchangeKey);
  app.decorateRequest("operation", {
    getter(this: FastifyRequest) {
      return takenBy(this.raw as IncomingMessage) as RequestOperation<FastifyRequest>; // by the hook below
    },
  });
  app.addHook("onRoute", (route) => {
    requireLimits(route.config?.cancelable);
    route.handler = inOperation(route.handler);
  });
  app.addHook("onRequest", (request, reply, next) => {
    // A listener around Fastify can have made the operation.
    if (takenBy(request.raw as IncomingMessage) !== undefined) {
      next();
      return;
    }
    const { url, config } = request.routeOptions;
    const name = requestName(request.method, url);
    const exchange = new FastifyExchange(planOf(plan, config), request, reply, name);
    (request as Marked)[exchangeKey] = exchange; // decorated above
    exchange.begin(next, next as (error: unknown) => void); // Fastify answers any thrown value
  });
  app.addHook("onError", (request, _reply, error, next) => {
    (request as Marked)[exchangeKey]?.operation.fail(error); // decorated above
    next();
  });
};

Object.assign(cancelable, {
  // The hooks are for the scope that registers the plugin, and not for a scope of the plugin's own.
  [Symbol.for("skip-override")]: true,
  [Symbol.for("fastify.display-name")]: pluginName,
  [Symbol.for("plugin-meta")]: { name: pluginName, fastify: "5.x" },
});

function inOperation(handler: RouteHandlerMethod): RouteHandlerMethod {
  return function inOperation(this: FastifyInstance, request, reply) {
    const exchange = (request as Marked)[exchangeKey]; // decorated where the operation was made
    return exchange === undefined
      ? handler.call(this, request, reply)
      : exchange.handle(handler, this, request);
  };
}

/** Fastify logs no line for a client that has left. */
function withLog(
  plan: RequestPlan<FastifyRequest>,
  isDisabled: FastifyInstance["initialConfig"]["disableRequestLogging"],
): RequestPlan<FastifyRequest> {
  const { onEnd } = plan;
  return {
    ...plan,
    onEnd(end) {
      if (end.sent !== "whole") log(end, isDisabled);
      onEnd?.(end);
    },
  };
}

function log(
  {
    request,
    name: operation,
    status: statusCode,
    reason,
    durationMs: responseTime,
  }: RequestEnd<FastifyRequest>,
  isDisabled: FastifyInstance["initialConfig"]["disableRequestLogging"],
): void {
  if (typeof isDisabled === "function" ? isDisabled(request) : isDisabled) return;
  if (reason === "disconnect")
    request.log.info({ operation, statusCode, reason, responseTime }, "the client left");
  else request.log.warn({ operation, statusCode, reason, responseTime }, "the answer was broken off");
}

function requireLimits(limits: RouteLimits | undefined): void {
  if (limits === undefined) return;
  requireKnownOptions(limits, knownLimits, "the limits of a route", "config.cancelable");
  if (limits.timeout !== undefined) toMilliseconds(limits.timeout, "config.cancelable.timeout");
}

/** The plans of the routes that have limits of their own. */
const routePlans = new WeakMap<object, RequestPlan<FastifyRequest>>();

function planOf(
  plan: RequestPlan<FastifyRequest>,
  config: FastifyContextConfig,
): RequestPlan<FastifyRequest> {
  const timeout = config?.cancelable?.timeout;
  if (timeout === undefined) return plan;
  let own = routePlans.get(config);
  if (own === undefined) {
    own = { ...plan, timeout: Math.min(plan.timeout, toMilliseconds(timeout, "config.cancelable.timeout")) };
    routePlans.set(config, own);
  }
  return own;
}
