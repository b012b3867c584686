import { bind } from "@hother/cancelable";

/** Is told once how the stream of an answer has ended. */
export interface BodyListener {
  /** @param isCut Whether the client has not received the whole. @param failure The error of the handler's stream. */
  bodyOver(isCut: boolean, failure?: { readonly error: unknown }): void;
}

/** A body that is not complete after so many chunks is streamed. */
const mostChunks = 4;
/** What is there at once arrives within so many turns of the queue of microtasks, on every host. */
const mostTurns = 8;

type Reading = ReadableStreamReadResult<Uint8Array>;

/**
 * Takes the body out of an answer of a handler. No host tells when it has sent an answer, so the body becomes a stream of this
 * library, which knows its end. A body that is there at once, such as text, stays one, so that the host sends its length.
 *
 * @param isCopied Whether a copy is read, so that a whole answer stays the very object of the handler: Bun gives text its type and
 * sends small files by itself.
 * @returns a whole answer, or the stream that stands for the body.
 */
export async function takeBody(
  response: Response,
  listener: BodyListener,
  isCopied: boolean,
): Promise<{ readonly whole: Response } | StreamedBody> {
  // A body that has a reader already is an error, which the host tells. Looking at the body of a text makes it a stream on Bun.
  if (response.bodyUsed || (!isCopied && response.body?.locked)) return { whole: response };
  const { body } = isCopied ? response.clone() : response;
  if (!body) return { whole: response };
  const reader: ReadableStreamDefaultReader<Uint8Array> = body.getReader();
  const chunks: Uint8Array[] = [];
  for (;;) {
    const next = reader.read();
    const result = chunks.length < mostChunks ? await atOnce(next) : undefined;
    if (result === undefined) {
      // The stream of the handler has two readers now. Only the copy goes on.
      if (isCopied) response.body?.cancel().catch(ignore);
      return new StreamedBody(reader, chunks, next, listener);
    }
    if (result.done) return { whole: isCopied ? response : new Response(join(chunks), response) };
    chunks.push(result.value);
  }
}

/** The value of a promise that is settled now or after a few microtasks. Undefined for another one, and for a rejected one. */
async function atOnce(promise: Promise<Reading>): Promise<Reading | undefined> {
  let value: Reading | undefined;
  promise.then((result) => {
    value = result;
  }, ignore);
  for (let turn = 0; turn < mostTurns && value === undefined; turn++) await undefined;
  return value;
}

function join(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(chunks.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}

/** The body of an answer that is streamed. The source of the handler is read when the host asks. */
export class StreamedBody implements UnderlyingDefaultSource<Uint8Array> {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #early: Uint8Array[];
  #next: Promise<Reading> | undefined;
  #listener: BodyListener | undefined;
  readonly #read: () => Promise<Reading>;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined = undefined;

  constructor(
    reader: ReadableStreamDefaultReader<Uint8Array>,
    early: Uint8Array[],
    next: Promise<Reading>,
    listener: BodyListener,
  ) {
    this.#reader = reader;
    this.#early = early;
    this.#next = next;
    this.#listener = listener;
    // The host pulls outside the operation. The source of the handler runs inside.
    this.#read = bind(() => reader.read());
  }

  /** The answer for the host, with this body. */
  in(response: Response): Response {
    return new Response(new ReadableStream(this, { highWaterMark: 0 }), response);
  }

  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#controller = controller;
  }

  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    const early = this.#early.shift();
    if (early !== undefined) return controller.enqueue(early);
    const next = this.#next ?? this.#read();
    this.#next = undefined;
    try {
      const { done, value } = await next;
      if (this.#listener === undefined) return; // cut meanwhile
      if (!done) return controller.enqueue(value);
      controller.close();
      this.#over(false);
    } catch (error) {
      if (this.#listener === undefined) return;
      controller.error(error);
      this.#over(true, { error });
    }
  }

  async cancel(reason: unknown): Promise<void> {
    this.#over(true);
    await this.#reader.cancel(reason);
  }

  /** Breaks the body off: the host closes the connection, and the source of the handler is cancelled with `error`. */
  cut(error: unknown, hostError: unknown): void {
    this.#listener = undefined;
    this.#controller?.error(hostError);
    this.drop(error);
  }

  /** Cancels the source of the handler. */
  drop(reason: unknown): void {
    this.#reader.cancel(reason).catch(ignore);
  }

  #over(isCut: boolean, failure?: { readonly error: unknown }): void {
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.bodyOver(isCut, failure);
  }
}

const ignore = (): void => {};
