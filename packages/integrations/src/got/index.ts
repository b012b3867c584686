import { invalidType, type KnownOptions, requireKnownOptions } from "@hother/cancelable/extending";
import type { BeforeRequestHook, CancelableRequest, ExtendOptions, GotReturn, Options } from "got";
import { endStream } from "../http/end-stream.ts";
import { type OutgoingDeadlineOptions, toOutgoingHeader, valueToSend } from "../http/outgoing-deadline.ts";
import { beginWith, requestSignal } from "../http/request-signal.ts";

/** The options of {@link cancellableGot}. */
export interface CancellableGotOptions extends OutgoingDeadlineOptions {}

/** The used members of a got instance, whatever its default options are. */
export interface GotInstance {
  readonly defaults: { readonly handlers: readonly unknown[] };
  extend(options: ExtendOptions): unknown;
}

const known: KnownOptions<CancellableGotOptions> = { deadlineHeader: 1 };

/**
 * Returns an extended `got` whose every request is cancelled with the scope in which the request is made, and sends the time
 * that is left in a header. The wait between two attempts ends at once, too.
 *
 * A request that its scope cancelled rejects with the error of the scope. A stream of `got.stream` fails with a
 * `RequestError` whose `cause` is that error, because got wraps every error of a stream. The `signal` of a request still
 * works: it rejects with got's `AbortError`, whose `cause` is the reason of the signal. In a cancelled scope, and where less
 * than 1 ms is left, nothing is sent.
 *
 * @throws TypeError if `got` is not a got instance, or is an instance that this function has returned.
 * @example
 * ```ts
 * import { once } from "node:events";
 * import { createServer } from "node:http";
 * import { moveOnAfter } from "@hother/cancelable";
 * import { cancellableGot } from "@hother/cancelable-integrations/got";
 * import got from "got";
 *
 * const server = createServer(() => {}).listen(0, "127.0.0.1"); // never answers
 * const http = cancellableGot(got);
 * await once(server, "listening");
 * const { port } = server.address() as { port: number };
 * const answer = await moveOnAfter(50, () => http(`http://127.0.0.1:${port}/`).text());
 * console.assert(answer === undefined); // and the socket is closed
 * server.close();
 * ```
 */
export function cancellableGot<T extends GotInstance>(got: T, options?: CancellableGotOptions): T {
  requireGot(got);
  requireKnownOptions(options, known, "cancellableGot");
  const header = toOutgoingHeader(options);
  // Called for every attempt and every redirect.
  const beforeRequest: BeforeRequestHook = async ({ headers }) => {
    const existing = header && headers[header.name];
    const value = await valueToSend(header, Array.isArray(existing) ? existing[0] : existing);
    if (header !== undefined && value !== undefined) headers[header.name] = value;
  };
  // Neither the handlers nor the hooks change the type of the instance.
  return got.extend({ handlers: [handler], hooks: { beforeRequest: [beforeRequest] } }) as T;
}

function requireGot(got: unknown): void {
  const { extend, defaults } = (got ?? {}) as Partial<GotInstance>;
  if (typeof got !== "function" || typeof extend !== "function" || !Array.isArray(defaults?.handlers))
    throw invalidType("got", "a got instance", got);
  if (defaults.handlers.includes(handler))
    throw invalidType("got", "a got instance that cancellableGot has not returned", got);
}

/** The codes of got's errors of a request that was ended: by `cancel()`, by a signal, and by an error of this library. */
const endedCodes: readonly unknown[] = ["ERR_CANCELED", "ERR_ABORTED", "ABORT_ERR"];

function handler<T extends GotReturn>(options: Options, next: (options: Options) => T): T | Promise<T> {
  // got passes no options if they were invalid.
  const link = requestSignal((options as Options | undefined)?.signal, "a request of got");
  const { signal } = link;
  const unlink = (): void => link[Symbol.dispose]();
  const sent = beginWith(link, () => next(options));
  // got follows the signal in the options before a handler sees them. So the request itself is ended.
  const onCancel = (end: () => void): void => {
    if (link.isCancelled) end();
    signal.addEventListener("abort", () => link.isCancelled && end(), { once: true });
  };
  if (!isPromise(sent)) {
    link.ownBody();
    sent.once("end", unlink);
    sent.once("close", unlink);
    onCancel(() => endStream(sent, signal.reason));
    return sent;
  }
  onCancel(() => sent.cancel());
  const outcome = sent
    .catch((error: unknown) => {
      if (!signal.aborted || !endedCodes.includes((error as { readonly code?: unknown }).code)) throw error;
      throw link.isCancelled ? signal.reason : Object.assign(error as Error, { cause: signal.reason });
    })
    .finally(unlink);
  // got adds its methods to the promise of a handler. Its `cancel` would work on a promise of its own class only.
  return Object.defineProperty(outcome, "cancel", {
    enumerable: true,
    configurable: true,
    get: () => () => sent.cancel(),
    set: () => {},
  }) as Promise<T>; // with the value of `sent`
}

function isPromise(sent: GotReturn): sent is CancelableRequest {
  return "cancel" in sent;
}
