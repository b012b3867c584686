import { formatSpan } from "@hother/cancelable/extending";

/**
 * The part of a request that took too long: `"connect"` is the connection, `"first-byte"` the wait for the head of the
 * response, `"idle"` a silence between two pieces of the body, and `"whole"` everything together.
 */
export type HttpPhase = "connect" | "first-byte" | "idle" | "whole";

const endings: Readonly<Record<HttpPhase, string>> = {
  connect: "was not connected within",
  "first-byte": "got no response within",
  idle: "got no further piece of the response for",
  whole: "did not end within",
};

/**
 * The error of a request that exceeded a time limit of its own. A limit of the scope around the request is a
 * `TimeoutCancellation` of this scope instead. `name` is `TimeoutError`, so `retry` makes a further attempt.
 */
export class HttpTimeoutError extends Error {
  readonly code: "ERR_HTTP_TIMEOUT" = "ERR_HTTP_TIMEOUT";
  /** The phase that took too long. */
  readonly phase: HttpPhase;
  /** The time that was allowed, in ms. Undefined if it is not known: the HTTP client has limits of its own. */
  readonly timeoutMs: number | undefined;

  /** @param request The method and the URL, as the subject of a sentence. */
  constructor(
    request: string,
    phase: HttpPhase,
    timeoutMs: number | undefined,
    options?: { readonly cause?: unknown },
  ) {
    const span = timeoutMs === undefined ? "the limit of the HTTP client" : formatSpan(timeoutMs);
    super(`${request} ${endings[phase]} ${span}`, options);
    this.name = "TimeoutError";
    this.phase = phase;
    this.timeoutMs = timeoutMs;
  }
}
