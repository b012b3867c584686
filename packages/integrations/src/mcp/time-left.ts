import { timeLeft } from "../http/deadline-header.ts";
import type { McpRequest } from "./peer.ts";

/** The field of `_meta` that carries the time until the deadline, in ms. The name is that of the HTTP header. */
export const timeLeftField = "x-request-timeout-ms";

/** The request with the time until the deadline of the ambient scope. Without a deadline, the request itself. */
export function withTimeLeft(request: McpRequest): McpRequest {
  const left = timeLeft();
  if (left === Number.POSITIVE_INFINITY) return request;
  // Rounded up, so that the caller's own deadline passes first and the other side is told.
  const _meta = { ...request.params?._meta, [timeLeftField]: Math.max(1, Math.ceil(left)) };
  return { ...request, params: { ...request.params, _meta } };
}

/** The time in ms that the caller of a request gives. Undefined without a valid field. */
export function readTimeLeft(meta: Record<string, unknown> | undefined): number | undefined {
  const value = meta?.[timeLeftField];
  return typeof value === "number" && value > 0 && value < Number.POSITIVE_INFINITY ? value : undefined;
}
