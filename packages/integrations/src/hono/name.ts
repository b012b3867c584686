import type { Context } from "hono";
import { matchedRoutes } from "hono/route";
import { requestName } from "../http/request-operation.ts";

/** The name of a request: its method, and the pattern of the last route that matches. Middleware is no route. */
export function nameOf(c: Context): string {
  const last = matchedRoutes(c).at(-1);
  // Middleware is for all methods and takes `next`. A handler for all methods does not take it.
  const isMiddleware = last === undefined || (last.method === "ALL" && last.handler.length > 1);
  return requestName(c.req.method, isMiddleware ? undefined : last.path);
}
