import { currentScope } from "@hother/cancelable";
import { invalidType } from "@hother/cancelable/extending";
import { defaultDeadlineHeader, readTimeLeft, timeLeft, writeTimeLeft } from "../http/deadline-header.ts";
import { HttpTimeoutError } from "../http/http-timeout-error.ts";
import { requestLabel } from "../http/request-label.ts";
import { inScope } from "../scope/in-scope.ts";
import { Connection, unseen } from "./connection.ts";
import { Exchange } from "./exchange.ts";
import { withPhase } from "./host-timeouts.ts";
import { type CallOptions, type FetchInit, toCallOptions } from "./options.ts";
import { toResponse } from "./response.ts";
import { isStreamed, requireObservable, Upload } from "./upload.ts";

/**
 * Sends a request as the global `fetch` does, in the ambient scope. A cancellation of the scope closes the connection, while
 * the response is awaited and while its body is read, and the promise and the reads reject with the error of the scope. The
 * request carries the time that the scope has left in a header; without time left, it is not sent.
 *
 * `init.signal` works as before: the promise and the reads reject with its reason. The first cancellation counts. No listener
 * is left on a signal. A time limit in `init` rejects with an {@link HttpTimeoutError}, which names the phase.
 *
 * A response belongs to the operation of the call. At the end of the operation, a body that was not read to its end is
 * released; reading it then rejects with a UsageError `ERR_CLOSED`. As with the global `fetch`, a status such as 500 is no
 * error: see {@link expectOk}.
 *
 * @throws TypeError or RangeError for a bad option, UsageError `ERR_UNSUPPORTED_HOST` for `connectTimeout` on another host
 * than Node. All of these reject the promise.
 *
 * @example
 * ```ts
 * import { createServer } from "node:http";
 * import { failAfter } from "@hother/cancelable";
 * import { fetch } from "@hother/cancelable-integrations/fetch";
 *
 * const server = createServer((request, response) => response.end(request.headers["x-request-timeout-ms"]));
 * await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
 * const { port } = server.address() as { port: number };
 *
 * const left = await failAfter({ seconds: 30 }, async () => {
 *   const response = await fetch(`http://127.0.0.1:${port}/`, { idleTimeout: { seconds: 10 } });
 *   return Number(await response.text());
 * });
 * console.assert(left > 0 && left <= 30_000);
 * server.close();
 * ```
 */
export async function fetch(input: RequestInfo | URL, init?: FetchInit): Promise<Response> {
  const options = toCallOptions(init);
  requireObservable(options.init.body, options.onUpload);
  return inScope(options.scope, "init.scope", () => send(input, options));
}

async function send(input: RequestInfo | URL, options: CallOptions): Promise<Response> {
  const scope = currentScope();
  scope.check();
  const request = typeof input === "object" && "url" in input ? input : undefined;
  const { init, limits } = options;
  // As in the global `fetch`, `null` means none, also where the request has a signal.
  const signal = init.signal === undefined ? request?.signal : init.signal;
  if (signal !== undefined && signal !== null) requireOpen(signal);
  const url = request?.url ?? String(input);
  const label = requestLabel(String(init.method ?? request?.method ?? "GET"), url);
  if (limits.whole < 1) throw new HttpTimeoutError(label, "whole", limits.whole);
  // Less than 1 ms cannot be written, and no server can answer in that time: the scope is about to time out.
  for (let left = timeLeft(); left < 1; left = timeLeft()) await scope.sleep(left);
  const headers = withDeadline(init.headers ?? request?.headers, url, options);
  const exchange = new Exchange(label, options.scope ?? scope, signal ?? undefined, limits);
  return new Promise((resolve, reject) => {
    const caller = { failed: reject };
    exchange.addPart(caller);
    try {
      begin(input, headers, exchange, options).then(
        (received) => {
          if (exchange.failure !== undefined) {
            // A `fetch` that ignores its signal.
            received.body?.cancel().then(undefined, () => {});
            return;
          }
          exchange.removePart(caller);
          exchange.limits.stop("connect");
          exchange.limits.stop("first-byte");
          try {
            resolve(toResponse(received, exchange, options.onDownload));
          } catch (error) {
            reject(error);
            exchange.fail(error);
          }
        },
        (error: unknown) => exchange.fail(withPhase(error, label)),
      );
    } catch (error) {
      exchange.fail(error);
    }
  });
}

/** Throws the reason of a signal that is aborted, and a TypeError for another value. */
function requireOpen(signal: AbortSignal): void {
  if (typeof (signal as Partial<AbortSignal>).aborted !== "boolean")
    throw invalidType("init.signal", "an AbortSignal or null", signal);
  if (signal.aborted) throw signal.reason;
}

/** Hands the request to the host. */
function begin(
  input: RequestInfo | URL,
  headers: Headers | undefined,
  exchange: Exchange,
  options: CallOptions,
): Promise<Response> {
  const { init, fetch: hostFetch, limits } = options;
  exchange.limits.start("whole");
  exchange.limits.start("first-byte");
  const { body, ...rest } = init;
  const hostInit = { ...rest, signal: exchange.signal } as RequestInit; // options of the host pass as they are
  if (headers !== undefined) hostInit.headers = headers;
  if (isStreamed(body)) {
    hostInit.body = new Upload(body, exchange, options.onUpload).stream;
    Object.assign(hostInit, { duplex: "half" }); // not in the types of all hosts
  } else if (body !== undefined) hostInit.body = body;
  if (limits.connect === Number.POSITIVE_INFINITY) return hostFetch(input, hostInit);
  const connection = new Connection(() => exchange.limits.stop("connect"));
  exchange.attach(connection);
  exchange.limits.start("connect");
  const received = connection.during(() => hostFetch(input, hostInit));
  if (!connection.isSeen) exchange.fail(unseen());
  return received;
}

/** The headers with the time that is left, or undefined to leave them as they are. */
function withDeadline(
  given: HeadersInit | undefined,
  url: string,
  { header, limits }: CallOptions,
): Headers | undefined {
  const chosen = header === "default" ? (isOfOtherOrigin(url) ? undefined : defaultDeadlineHeader) : header;
  if (chosen === undefined) return undefined;
  const left = Math.min(timeLeft(), limits.whole);
  const value = writeTimeLeft(left, chosen.format);
  if (value === undefined) return undefined;
  const headers = new Headers(given);
  const own = readTimeLeft(headers.get(chosen.name) ?? "", chosen.format);
  if (own === undefined || own > left) headers.set(chosen.name, value);
  return headers;
}

/** Whether the code runs in a page, and the page may not add headers to a request to this URL without being allowed to. */
function isOfOtherOrigin(url: string): boolean {
  const { location } = globalThis as { readonly location?: Location | undefined };
  return location !== undefined && new URL(url, location.href).origin !== location.origin;
}
