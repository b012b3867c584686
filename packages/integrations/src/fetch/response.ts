import { invalidType } from "@hother/cancelable/extending";
import type { Exchange } from "./exchange.ts";
import type { CallOptions } from "./options.ts";
import { ResponseBody } from "./response-body.ts";

/** The answers that have no body. The constructor of `Response` refuses one. */
const bodiless: readonly number[] = [101, 103, 204, 205, 304];

/** The response of the host with a body that ends with its exchange. */
export function toResponse(
  received: Response,
  exchange: Exchange,
  onDownload: CallOptions["onDownload"],
): Response {
  const { body, status, statusText, headers } = received;
  if (body === null || body === undefined || bodiless.includes(status)) {
    exchange.complete();
    return received;
  }
  if (typeof body.getReader !== "function")
    throw invalidType("the body of the response of init.fetch", "a web ReadableStream", body);
  const source = new ResponseBody(
    body as ReadableStream<Uint8Array<ArrayBuffer>>, // the host does not share the buffers of a body
    exchange,
    onDownload,
    headers,
  );
  const stream = new ReadableStream(source);
  exchange.setBody(source, stream);
  return complete(new Response(stream, { status, statusText, headers }), received, exchange);
}

const readers = ["arrayBuffer", "blob", "bytes", "formData", "json", "text"] as const;

/** Gives a response that was made by its constructor what only a received one has. */
function complete(made: Response, { url, redirected, type }: Response, exchange: Exchange): Response {
  const clone = made.clone.bind(made);
  const properties: PropertyDescriptorMap = {
    url: { value: url },
    redirected: { value: redirected },
    type: { value: type },
    clone: { value: () => complete(clone(), made, exchange) },
  };
  for (const name of readers) {
    const read = (made[name] as (() => Promise<unknown>) | undefined)?.bind(made); // `bytes` is not on every host
    // Chromium rejects with an error of its own where the stream of a made response fails.
    const fail = (error: unknown): never => {
      throw exchange.failure === undefined ? error : exchange.failure.error;
    };
    if (read !== undefined) properties[name] = { value: () => read().catch(fail) };
  }
  for (const property of Object.values(properties)) property.configurable = true;
  return Object.defineProperties(made, properties);
}
