import { Readable } from "node:stream";
import { bind } from "@hother/cancelable";
import type { Context } from "koa";

/**
 * Makes Koa read a body that is a stream in the ambient scope. Koa reads the body after all middleware has returned, outside the
 * operation of the request, so that the code of a generator or of a `pull` would not be cancelled.
 *
 * A web stream becomes a stream of Node: Koa would wait for its next chunk before it closes the stream of a client that has left.
 */
export function readInScope(context: Context): void {
  const body: unknown = context.body;
  if (body instanceof Readable) bindReading(body);
  else if (body instanceof ReadableStream) replaceBody(context, body);
  else if (body instanceof Response && body.body !== null) replaceBody(context, body.body);
}

function replaceBody(context: Context, stream: ReadableStream): void {
  const { response } = context;
  const length: string | undefined = response.get("content-length"); // undefined without the header
  context.body = new WebBody(stream);
  // Koa drops the length when another stream becomes the body.
  if (length !== undefined && length !== "") response.set("content-length", length);
}

/** `_read` of an instance is what the option `read` of a stream sets. */
function bindReading(stream: Readable): void {
  stream._read = bind(stream._read);
}

/**
 * A web stream as a stream of Node. Koa destroys it when the connection breaks. It has no `end` then: that of
 * `Readable.fromWeb` would end the answer as if it were complete.
 */
class WebBody extends Readable {
  readonly #reader: ReadableStreamDefaultReader;

  constructor(stream: ReadableStream) {
    super();
    this.#reader = stream.getReader();
    bindReading(this);
  }

  override _read(): void {
    this.#reader.read().then(
      ({ done, value }) => {
        if (!this.destroyed) this.push(done ? null : value);
      },
      (error: unknown) => void this.destroy(toError(error)),
    );
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const closed = (): void => callback(error);
    this.#reader.cancel(error ?? undefined).then(closed, closed);
  }
}

const toError = (error: unknown): Error =>
  error instanceof Error ? error : new Error(`the web stream failed with ${String(error)}`);
