import type { CancellationError } from "@hother/cancelable";
import { invalidType, outOfRange } from "@hother/cancelable/extending";

/** A whole answer to a request. */
export interface Answer {
  /** The status, 200 to 599. */
  readonly status: number;
  /** Default: none. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Default: an empty body. */
  readonly body?: string | undefined;
}

/**
 * Checks an answer that a user has chosen.
 *
 * @throws TypeError or RangeError for an answer that HTTP cannot send.
 */
export function requireAnswer(answer: unknown, argument: string): void {
  if (typeof answer !== "object" || answer === null) throw invalidType(argument, "an answer", answer);
  const { status, headers, body }: { status?: unknown; headers?: unknown; body?: unknown } = answer;
  if (typeof status !== "number") throw invalidType(`${argument}.status`, "a number", status);
  if (!Number.isInteger(status) || status < 200 || status > 599)
    throw outOfRange(`${argument}.status`, "a whole number from 200 to 599", status);
  if (body !== undefined && typeof body !== "string") throw invalidType(`${argument}.body`, "a string", body);
  if (body && (status === 204 || status === 205 || status === 304))
    throw outOfRange(`${argument}.body`, `no body, because the status is ${status}`, body);
  if (headers === undefined) return;
  if (typeof headers !== "object" || headers === null)
    throw invalidType(`${argument}.headers`, "an object", headers);
  for (const [name, value] of Object.entries(headers)) {
    if (!isToken.test(name)) throw outOfRange(`${argument}.headers`, "names that HTTP allows", name);
    if (/^(content-length|transfer-encoding|connection)$/i.test(name))
      throw outOfRange(`${argument}.headers`, "no header that the server writes itself", name);
    if (typeof value !== "string") throw invalidType(`${argument}.headers.${name}`, "a string", value);
    if (!isFieldValue.test(value))
      throw outOfRange(`${argument}.headers.${name}`, "text that HTTP allows", value);
  }
}

const isToken = /^[!#$%&'*+.^_`|~\w-]+$/;
const isFieldValue = /^[\t\x20-\x7e\x80-\xff]*$/;

/** The status in logs for a client that left. No client ever receives it. */
export const clientLeft = 499;

/**
 * The answer to a request whose operation was cancelled: 504 for a time limit, 503 otherwise. A shutdown says in
 * `Retry-After` when the client may ask again, in whole seconds. The body is a problem document (RFC 9457), which contains
 * no reason, message or stack of the error.
 */
export function defaultAnswer(error: CancellationError, retryAfterMs: number): Answer {
  if (error.reason === "timeout")
    return problem(504, "Gateway Timeout", "The time limit of the request has passed.");
  if (error.reason === "shutdown") return shutdownAnswer(retryAfterMs);
  return problem(503, "Service Unavailable", "The request was cancelled.");
}

/** The answer to a request during a shutdown. */
export function shutdownAnswer(retryAfterMs: number): Answer {
  const seconds = String(Math.max(1, Math.ceil(retryAfterMs / 1_000)));
  return problem(503, "Service Unavailable", "The server is shutting down.", { "retry-after": seconds });
}

/** The answer to a request whose handler has failed. */
export const failureAnswer: Answer = problem(
  500,
  "Internal Server Error",
  "The server could not answer the request.",
);

function problem(status: number, title: string, detail: string, headers?: Record<string, string>): Answer {
  return {
    status,
    headers: { "content-type": "application/problem+json", "cache-control": "no-store", ...headers },
    body: JSON.stringify({ type: "about:blank", title, status, detail }),
  };
}
