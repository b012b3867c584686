/// <reference lib="esnext.disposable" preserve="true" />
import { type KnownOptions, requireFunction, requireKnownOptions } from "@hother/cancelable/extending";
import type { KnownDeadlineHeader } from "../http/deadline-header.ts";
import { type OutgoingDeadlineOptions, toOutgoingHeader } from "../http/outgoing-deadline.ts";
import type { AnyDispatch, Dispatch, Interceptor } from "./dispatch.ts";
import { surroundGlobalDispatchers } from "./global-dispatcher.ts";
import { followRequests } from "./interceptor.ts";

export type { DeadlineFormat, DeadlineHeader } from "../http/deadline-header.ts";
export type { OutgoingDeadlineOptions } from "../http/outgoing-deadline.ts";
export type { AnyDispatch, Interceptor } from "./dispatch.ts";

const known: KnownOptions<OutgoingDeadlineOptions> = { deadlineHeader: 1 };

function toHeader(options: OutgoingDeadlineOptions | undefined, of: string): KnownDeadlineHeader | undefined {
  requireKnownOptions(options, known, of);
  return toOutgoingHeader(options);
}

/**
 * Makes every request of undici that is made in a scope end with the scope: the built-in `fetch` of Node, `undici.fetch`,
 * `undici.request` and so on, also in code that does not know this library. When the scope is cancelled, a request that
 * waits in a queue, for headers or for its body fails with the cancellation, and its socket is closed. A cancelled scope
 * sends nothing. Requests carry the deadline of the scope in a header. Requests outside of every scope are not touched.
 *
 * The global dispatchers of all versions of undici that are loaded stay inside, for example a `ProxyAgent`. A request with a
 * `dispatcher` of its own is not reached: give that one a {@link cancellationInterceptor}. Import undici, if you use it, and
 * set its dispatcher before this call. Disposing of the result removes the interceptor.
 *
 * @throws TypeError for a wrong option. UsageError `ERR_UNSUPPORTED_HOST` if no undici is loaded: `fetch` of Bun and Deno is
 * not made of undici.
 * @example
 * ```ts
 * import { moveOnAfter } from "@hother/cancelable";
 * import { installInterceptor } from "@hother/cancelable-integrations/undici";
 * import { createServer } from "node:http";
 *
 * const server = createServer(() => {}).listen(0, "127.0.0.1"); // never answers
 * await new Promise((resolve) => server.once("listening", resolve));
 * const { port } = server.address() as { port: number };
 *
 * const installed = installInterceptor();
 * await moveOnAfter(50, () => fetch(`http://127.0.0.1:${port}`)); // no signal is passed
 * installed[Symbol.dispose]();
 * server.close(); // no connection is left
 * ```
 */
export function installInterceptor(options?: OutgoingDeadlineOptions): Disposable {
  const header = toHeader(options, "installInterceptor");
  return surroundGlobalDispatchers((dispatch) => followRequests(dispatch, header), "installInterceptor()");
}

/**
 * An interceptor for one dispatcher of undici 7 or 8, with the effect of {@link installInterceptor} on the requests of this
 * dispatcher.
 *
 * @throws TypeError for a wrong option.
 * @example
 * ```ts
 * import { cancellationInterceptor } from "@hother/cancelable-integrations/undici";
 * import { Agent, request } from "undici";
 *
 * const dispatcher = new Agent({ connections: 10 }).compose(cancellationInterceptor());
 * const load = async (url: string) => (await request(url, { dispatcher })).body.json();
 * console.assert(typeof load === "function");
 * ```
 */
export function cancellationInterceptor(options?: OutgoingDeadlineOptions): Interceptor {
  const header = toHeader(options, "cancellationInterceptor");
  return <D extends AnyDispatch>(dispatch: D): D => {
    requireFunction(dispatch, "dispatch");
    // The type of undici's dispatch differs between its versions; followRequests needs only what they have in common.
    return followRequests(dispatch as unknown as Dispatch, header) as unknown as D;
  };
}
