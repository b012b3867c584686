import type { SdkCall } from "./sdk-call.ts";
import { streamUntilAborted } from "./stream-until-aborted.ts";

const readers = ["arrayBuffer", "blob", "bytes", "formData", "json", "text"] as const;

/** The response with a body that ends with its call. The error of a body that was cut off is that of the call. */
export function followBody(response: Response, call: SdkCall): Response {
  const { body } = response;
  if (body === null || body === undefined) {
    call.end();
    return response;
  }
  call.ownBody();
  // The body of a `fetch` of the user can be of another kind. The call then ends with its operation.
  if (typeof body.getReader !== "function") return response;
  const made = new Response(watchBody(body, call), response);
  const { url, redirected, type } = response;
  const properties: PropertyDescriptorMap = { url: { value: url }, redirected: { value: redirected } };
  properties.type = { value: type };
  for (const name of readers) {
    const read = (made[name] as (() => Promise<unknown>) | undefined)?.bind(made); // `bytes` is not on every host
    const fail = (error: unknown): never => {
      throw call.isCancelled ? call.failure() : error;
    };
    if (read !== undefined) properties[name] = { value: () => read().catch(fail) };
  }
  for (const property of Object.values(properties)) property.configurable = true;
  return Object.defineProperties(made, properties);
}

function watchBody(source: ReadableStream<Uint8Array>, call: SdkCall): ReadableStream<Uint8Array> {
  // For a signal of the user, the error that the body of a response has without us.
  const failure = (): unknown =>
    call.isCancelled ? call.failure() : new DOMException("This operation was aborted", "AbortError");
  return streamUntilAborted(source, call.signal, failure, {
    // A stream of parts lasts longer than the body, because its reader can be behind.
    onEnd: () => {
      if (!call.isRead) call.end();
    },
  });
}
