import type { ScopeParent, Span } from "@hother/cancelable";
import {
  type KnownOptions,
  requireFunction,
  requireKnownOptions,
  requireOptions,
  toMilliseconds,
} from "@hother/cancelable/extending";
import { type DeadlineHeader, type KnownDeadlineHeader, toDeadlineHeader } from "../http/deadline-header.ts";
import type { HttpPhase } from "../http/http-timeout-error.ts";

/** The bytes that were transferred so far. `op.reportProgress` accepts this object. */
export interface TransferProgress {
  /** The number of bytes, without those of the head. For a compressed response: after decompression. */
  readonly current: number;
  /** The number of bytes in all. Undefined if it is not known. */
  readonly total: number | undefined;
  readonly unit: "B";
}

/** The options of `fetch` that the global `fetch` does not have. */
export interface FetchOptions {
  /**
   * The scope or operation that the request belongs to. Default: the ambient scope. Needed on hosts without
   * AsyncLocalStorage, such as browsers.
   */
  readonly scope?: ScopeParent | undefined;
  /** The time allowed from the call to the end of the body, in ms or as a `Duration`. Default: no limit. */
  readonly timeout?: Span | undefined;
  /**
   * The time allowed from the call until there is a connection, in ms or as a `Duration`. Only on Node: the `fetch` of other
   * hosts does not tell when it is connected. Default: that of the host.
   */
  readonly connectTimeout?: Span | undefined;
  /**
   * The time allowed until the head of the response has come, in ms or as a `Duration`. It counts from the call, or from the
   * latest piece of a streamed request body, and includes the time to connect. Default: that of the host.
   */
  readonly firstByteTimeout?: Span | undefined;
  /**
   * The longest time that the reader of the body waits for the next piece, in ms or as a `Duration`. Default: that of the
   * host.
   */
  readonly idleTimeout?: Span | undefined;
  /**
   * The header that tells the server how much time is left: its name, or its name and format; `false` for none. A
   * smaller value in `headers` is kept. Default: `x-request-timeout-ms`, and in a page only for its own origin, because another
   * origin must allow the header first.
   */
  readonly deadlineHeader?: string | DeadlineHeader | false | undefined;
  /** Called for each piece of a streamed request body that the connection has taken. Default: none. */
  readonly onUpload?: ((progress: TransferProgress) => unknown) | undefined;
  /** Called for each piece of the response body that is read. Default: none. */
  readonly onDownload?: ((progress: TransferProgress) => unknown) | undefined;
  /** The function that sends the request. Default: `fetch` of the host. */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

/** The second argument of `fetch` of this entry: that of the global `fetch`, and options of this library. */
export interface FetchInit extends Omit<RequestInit, "body">, FetchOptions {
  /** The body of the request. An async iterable, such as a Node `Readable`, is sent as a stream. */
  readonly body?: BodyInit | AsyncIterable<Uint8Array> | null | undefined;
  /** Set to `"half"` for a streamed body. */
  readonly duplex?: "half" | undefined;
}

const known: KnownOptions<FetchOptions> = {
  scope: 1,
  timeout: 1,
  connectTimeout: 1,
  firstByteTimeout: 1,
  idleTimeout: 1,
  deadlineHeader: 1,
  onUpload: 1,
  onDownload: 1,
  fetch: 1,
};

/** The options of one call, checked. */
export interface CallOptions {
  readonly scope: ScopeParent | undefined;
  /** The time limits in ms. Infinity means none. */
  readonly limits: Readonly<Record<HttpPhase, number>>;
  /** `"default"`: the default header, where the origin of the page allows it. */
  readonly header: KnownDeadlineHeader | "default" | undefined;
  readonly onUpload: FetchOptions["onUpload"];
  readonly onDownload: FetchOptions["onDownload"];
  readonly fetch: typeof globalThis.fetch;
  /** The rest, for the `fetch` of the host. */
  readonly init: Omit<FetchInit, keyof FetchOptions>;
}

/**
 * Separates the options of this library from those of the host.
 *
 * @throws TypeError or RangeError for a wrong value, and for a name that looks like an option of this library.
 */
export function toCallOptions(given: FetchInit | undefined): CallOptions {
  requireOptions(given, "init");
  requireNoLookalike(given);
  const {
    scope,
    timeout,
    connectTimeout,
    firstByteTimeout,
    idleTimeout,
    deadlineHeader,
    onUpload,
    onDownload,
    fetch = globalThis.fetch,
    ...init
  } = given ?? {};
  const limits = {
    whole: toLimit(timeout, "init.timeout"),
    connect: toLimit(connectTimeout, "init.connectTimeout"),
    "first-byte": toLimit(firstByteTimeout, "init.firstByteTimeout"),
    idle: toLimit(idleTimeout, "init.idleTimeout"),
  };
  const header =
    deadlineHeader === undefined
      ? "default"
      : deadlineHeader === false
        ? undefined
        : toDeadlineHeader(deadlineHeader, "init.deadlineHeader");
  if (onUpload !== undefined) requireFunction(onUpload, "init.onUpload");
  if (onDownload !== undefined) requireFunction(onDownload, "init.onDownload");
  requireFunction(fetch, "init.fetch");
  return { scope, limits, header, onUpload, onDownload, fetch, init };
}

function toLimit(span: Span | undefined, argument: string): number {
  return span === undefined ? Number.POSITIVE_INFINITY : toMilliseconds(span, argument);
}

/**
 * Hosts have options of their own, which pass. An option whose name speaks of time or progress is refused, unless it is
 * known: the limit that it asks for would be missing without a sign.
 */
function requireNoLookalike(init: FetchInit | undefined): void {
  for (const name in init) {
    if (Object.hasOwn(known, name) || !/time|deadline|progress|upload|download/i.test(name)) continue;
    requireKnownOptions({ [name]: 1 }, known, "fetch", "init");
  }
}
