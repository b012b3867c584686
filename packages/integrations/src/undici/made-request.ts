import { subscribe } from "node:diagnostics_channel";

/** The request of undici, as its documentation of the channel describes it. */
interface MadeRequest {
  /** Names and values, one after the other. undici reads them when it sends the request. */
  readonly headers?: unknown;
}

/** The call of {@link catchHeaders} that is running. */
let caught: { headers: unknown[] | undefined } | undefined;
let isListening = false;

/** From the first request with a deadline on: to subscribe anew for each request would cost 20 µs. */
function listen(): void {
  if (isListening) return;
  isListening = true;
  subscribe("undici:request:create", (message) => {
    if (caught === undefined) return;
    const { headers } = (message as { readonly request: MadeRequest }).request;
    // Behind a proxy a further request can follow, which opens the tunnel.
    if (Array.isArray(headers)) caught.headers ??= headers;
  });
}

/**
 * Calls `dispatch`. Returns the list of headers of the request that undici makes in it: names and values, one after the
 * other. undici sends this list, and not the headers that were given, when the request has left its queue.
 *
 * @returns An empty list if undici has made no request, as a mock agent does.
 */
export function catchHeaders(dispatch: () => void): unknown[] {
  listen();
  const outer = caught;
  const own: { headers: unknown[] | undefined } = { headers: undefined };
  caught = own;
  try {
    dispatch();
  } finally {
    caught = outer;
  }
  return own.headers ?? [];
}

/** Replaces the value of a header in the list. @param name In lower case. */
export function replaceHeader(headers: unknown[], name: string, value: string): void {
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const key: unknown = headers[i];
    if (typeof key === "string" && key.toLowerCase() === name) headers[i + 1] = value;
  }
}
