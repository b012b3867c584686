import { invalidType, type KnownOptions, requireKnownOptions } from "@hother/cancelable/extending";
import type { Input, KyInstance, Options } from "ky";
import { fetch } from "../fetch/index.ts";
import type { KnownDeadlineHeader } from "../http/deadline-header.ts";
import { type OutgoingDeadlineOptions, toOutgoingHeader } from "../http/outgoing-deadline.ts";
import { beginWith, requestSignal } from "../http/request-signal.ts";

/** The options of {@link cancellableKy}. */
export interface CancellableKyOptions extends OutgoingDeadlineOptions {}

const known: KnownOptions<CancellableKyOptions> = { deadlineHeader: 1 };

/** The instances that {@link cancellableKy} has returned. */
const instances = new WeakSet<object>();

type Send = KyInstance["get"];

const methods = ["get", "post", "put", "patch", "head", "delete"] as const;

/**
 * Returns a `ky` whose every request is cancelled with the scope in which the request is made, and sends the time that is left
 * in a header. The wait between two attempts ends at once, too. The requests go through `fetch` of
 * `@hother/cancelable-integrations/fetch`, so a body that is not read is released at the end of the operation.
 *
 * A request that its scope cancelled rejects with the error of the scope, as do the reads of its body. The `signal` of a request
 * still works, and rejects with its reason. In a cancelled scope, and where less than 1 ms is left, nothing is sent.
 *
 * @throws TypeError if `ky` is not a ky instance, or is an instance that this function has returned.
 * @example
 * ```ts
 * import { once } from "node:events";
 * import { createServer } from "node:http";
 * import { moveOnAfter } from "@hother/cancelable";
 * import { cancellableKy } from "@hother/cancelable-integrations/ky";
 * import ky from "ky";
 *
 * const server = createServer(() => {}).listen(0, "127.0.0.1"); // never answers
 * const http = cancellableKy(ky);
 * await once(server, "listening");
 * const { port } = server.address() as { port: number };
 * const answer = await moveOnAfter(50, () => http.get(`http://127.0.0.1:${port}/`).text());
 * console.assert(answer === undefined); // and the socket is closed
 * server.close();
 * ```
 */
export function cancellableKy(ky: KyInstance, options?: CancellableKyOptions): KyInstance {
  requireKy(ky);
  requireKnownOptions(options, known, "cancellableKy");
  const header = toOutgoingHeader(options);
  const extended = ky.extend((defaults) => ({ fetch: fetchOver(defaults.fetch, header) }));
  const calls = methods.map((method) => [method, inScope(extended[method], header)] as const);
  const instance = Object.assign(inScope(extended, header), {
    ...Object.fromEntries(calls),
    create: (defaults?: Options) => cancellableKy(ky.create(defaults), options),
    // The instance below is extended, because the new defaults can have another `fetch`.
    extend: (defaults: Parameters<KyInstance["extend"]>[0]) => cancellableKy(ky.extend(defaults), options),
    stop: ky.stop,
    retry: ky.retry,
  }) as KyInstance; // with all methods of `KyInstance`
  instances.add(instance);
  return instance;
}

function requireKy(ky: unknown): void {
  const { extend, retry } = (ky ?? {}) as Partial<KyInstance>;
  if (typeof ky !== "function" || typeof extend !== "function" || typeof retry !== "function")
    throw invalidType("ky", "a ky instance", ky);
  if (instances.has(ky)) throw invalidType("ky", "a ky instance that cancellableKy has not returned", ky);
}

/** The `fetch` of this package over another one, which is that of the host by default. */
function fetchOver(
  below: Options["fetch"],
  header: KnownDeadlineHeader | undefined,
): typeof globalThis.fetch {
  return (input, init) =>
    fetch(input, { ...init, fetch: below, deadlineHeader: header ?? false } as RequestInit);
}

/** Gives ky a signal for each call: ky looks at its signal also between two attempts. */
function inScope(send: Send, header: KnownDeadlineHeader | undefined): Send {
  return <T>(input: Input, options?: Options) => {
    const own = options?.signal ?? (input instanceof Request ? input.signal : undefined);
    const link = requestSignal(own, "a request of ky");
    const unlink = (): void => link[Symbol.dispose]();
    const sent: Options = { ...options, signal: link.signal };
    if (options?.fetch !== undefined) sent.fetch = fetchOver(options.fetch, header);
    const response = beginWith(link, () => send<T>(input, sent));
    // From the response on, the body follows the scope by itself.
    response.then(unlink, unlink);
    return response;
  };
}
