import { bind, currentScope } from "@hother/cancelable";
import { invalidType, type KnownOptions, requireKnownOptions } from "@hother/cancelable/extending";
import {
  type AxiosAdapter,
  type AxiosInstance,
  type AxiosResponse,
  getAdapter,
  type InternalAxiosRequestConfig,
  isAxiosError,
  isCancel,
} from "axios";
import type { KnownDeadlineHeader } from "../http/deadline-header.ts";
import { type OutgoingDeadlineOptions, toOutgoingHeader, valueToSend } from "../http/outgoing-deadline.ts";
import { requestSignal } from "../http/request-signal.ts";
import { StreamedBody } from "./streamed-body.ts";

/** The options of {@link cancellableAxios}. */
export interface CancellableAxiosOptions extends OutgoingDeadlineOptions {}

const known: KnownOptions<CancellableAxiosOptions> = { deadlineHeader: 1 };

/** The adapters of this module, and the adapters below them. */
const adaptersBelow = new WeakMap<AxiosAdapter, InternalAxiosRequestConfig["adapter"]>();
const instances = new WeakSet<object>();

/**
 * Cancels every request of an axios instance with the scope in which the request is made, and sends the time that is left
 * in a header. Adds one request interceptor to the instance, and returns the instance.
 *
 * A request that its scope cancelled rejects with the error of the scope, and not with a `CanceledError`. The `signal` and
 * the `cancelToken` of a request still work: these reject with axios' `CanceledError`, whose `cause` is the reason of the
 * signal. In a cancelled scope, and where less than 1 ms is left, nothing is sent.
 *
 * @throws TypeError if `instance` is not an axios instance, or was passed before.
 * @example
 * ```ts
 * import { once } from "node:events";
 * import { createServer } from "node:http";
 * import { moveOnAfter } from "@hother/cancelable";
 * import { cancellableAxios } from "@hother/cancelable-integrations/axios";
 * import axios from "axios";
 *
 * const server = createServer(() => {}).listen(0, "127.0.0.1"); // never answers
 * const http = cancellableAxios(axios.create());
 * await once(server, "listening");
 * const { port } = server.address() as { port: number };
 * const answer = await moveOnAfter(50, () => http.get(`http://127.0.0.1:${port}/`));
 * console.assert(answer === undefined); // and the socket is closed
 * server.close();
 * ```
 */
export function cancellableAxios<T extends AxiosInstance>(instance: T, options?: CancellableAxiosOptions): T {
  requireInstance(instance);
  requireKnownOptions(options, known, "cancellableAxios");
  const header = toOutgoingHeader(options);
  instances.add(instance);
  instance.interceptors.request.use(
    (config) => {
      const { adapter } = config;
      // A request that is sent again with the configuration of the first time has our adapter already.
      const below = typeof adapter === "function" ? (adaptersBelow.get(adapter) ?? adapter) : adapter;
      const own = config.signal as AbortSignal | undefined;
      // axios would look at the signal after us, and throw its own error without the reason.
      delete config.signal;
      config.adapter = bind((sent: InternalAxiosRequestConfig) => send(sent, below, own, header));
      adaptersBelow.set(config.adapter, below);
      return config;
    },
    undefined,
    { synchronous: true },
  );
  return instance;
}

function requireInstance(instance: unknown): asserts instance is AxiosInstance {
  const { interceptors } = (instance ?? {}) as Partial<AxiosInstance>;
  if (typeof instance !== "function" || typeof interceptors?.request?.use !== "function")
    throw invalidType("instance", "an axios instance, such as axios.create()", instance);
  if (instances.has(instance))
    throw invalidType("instance", "an axios instance that cancellableAxios has not got before", instance);
}

/** Sends a request through the adapter below. `own` is the signal of the request's caller. */
async function send(
  config: InternalAxiosRequestConfig,
  below: InternalAxiosRequestConfig["adapter"],
  own: AbortSignal | undefined,
  header: KnownDeadlineHeader | undefined,
): Promise<AxiosResponse> {
  currentScope().check();
  const link = requestSignal(own, "a request of axios");
  const body = new StreamedBody(link);
  // A copy, because a user who sends the configuration again must not send our signal.
  const sent: InternalAxiosRequestConfig = Object.assign(
    Object.create(Object.getPrototypeOf(config)),
    config,
    {
      signal: link.signal,
    },
  );
  const restore = (target: { config?: unknown }): void => {
    if (target.config === sent) target.config = config;
    if (own !== undefined) config.signal = own;
  };
  try {
    const value = await valueToSend(header, header && config.headers.get(header.name)?.toString());
    if (header !== undefined && value !== undefined) config.headers.set(header.name, value);
    const response = await getAdapter(below, config)(sent);
    restore(response);
    body.follow(response);
    return response;
  } catch (error) {
    if (link.signal.aborted && isCancel(error)) {
      const { reason } = link.signal;
      // Without the signal in the configuration, which axios would look at again.
      if (link.isCancelled) throw reason;
      restore(error as { config?: unknown }); // an error of axios
      throw Object.assign(error as object, { cause: reason, config });
    }
    if (isAxiosError(error)) {
      restore(error);
      if (error.response !== undefined) {
        restore(error.response);
        body.follow(error.response);
      }
    }
    throw error;
  } finally {
    if (!body.isStreaming) link[Symbol.dispose]();
  }
}
