import { bind, report } from "@hother/cancelable";
import { invalidType, outOfRange } from "@hother/cancelable/extending";
import type { Exchange, Part } from "./exchange.ts";
import type { CallOptions, FetchInit } from "./options.ts";
import { tell } from "./tell.ts";

type Body = FetchInit["body"];

/** The streams that can be a body: of the web, or an async iterable such as a Node `Readable`. */
type StreamedBody = ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

export function isStreamed(body: Body): body is StreamedBody {
  if (typeof body !== "object" || body === null) return false;
  return (
    typeof (body as Partial<ReadableStream>).getReader === "function" ||
    typeof (body as Partial<AsyncIterable<Uint8Array>>)[Symbol.asyncIterator] === "function"
  );
}

/** @throws RangeError for `onUpload` with a body whose bytes the host takes at once. */
export function requireObservable(body: Body, onUpload: CallOptions["onUpload"]): void {
  if (onUpload === undefined || isStreamed(body)) return;
  throw outOfRange(
    "init.onUpload",
    "left out where init.body is no stream, because the host takes the bytes at once; new Blob([body]).stream() is a stream",
    onUpload,
  );
}

/** The part of a Node `Readable` that is used here. One that waits for data ends by `destroy` only. */
interface ReadableLike {
  on(event: "error", listener: () => void): unknown;
  destroy(error: unknown): unknown;
}

interface Source {
  next(): PromiseLike<IteratorResult<unknown, unknown>>;
  close(reason: unknown): unknown;
}

function open(body: StreamedBody): Source {
  if ("getReader" in body) {
    const reader = body.getReader();
    return {
      next: () => reader.read() as Promise<IteratorResult<unknown, unknown>>, // the same shape
      close: (reason) => reader.cancel(reason),
    };
  }
  const iterator = body[Symbol.asyncIterator]();
  const readable = body as Partial<ReadableLike>;
  return {
    next: () => iterator.next(),
    close(reason) {
      if (typeof readable.destroy === "function") {
        // `destroy` emits the error as an event, and without a listener this event would end the process.
        readable.on?.("error", () => {});
        readable.destroy(reason);
      }
      return iterator.return?.();
    },
  };
}

/** A streamed request body. Its source runs in the scope of the call, and is closed when the exchange ends. */
export class Upload implements UnderlyingDefaultSource<Uint8Array>, Part {
  readonly #source: Source;
  readonly #exchange: Exchange;
  readonly #onUpload: CallOptions["onUpload"];
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #taken = 0;
  #given = 0;
  #isOpen = true;
  readonly pull: (controller: ReadableStreamDefaultController<Uint8Array>) => Promise<void>;

  /** To be created in the scope of the call. */
  constructor(body: StreamedBody, exchange: Exchange, onUpload: CallOptions["onUpload"]) {
    this.#source = open(body);
    this.#exchange = exchange;
    this.#onUpload = onUpload;
    this.pull = bind((controller) => this.#pull(controller));
    exchange.addPart(this);
  }

  /** The stream for the host. It is never ahead of the connection. */
  get stream(): ReadableStream<Uint8Array> {
    return new ReadableStream(this, { highWaterMark: 0 });
  }

  /** Called when the connection has taken the piece before. */
  async #pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    this.#controller = controller;
    this.#tell();
    let result: IteratorResult<unknown, unknown>;
    try {
      result = await this.#source.next();
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (!this.#isOpen) return;
    if (result.done) {
      this.#isOpen = false;
      this.#exchange.removePart(this);
      controller.close();
      return;
    }
    const piece = result.value;
    if (!(piece instanceof Uint8Array)) {
      this.#fail(invalidType("a piece of init.body", "a Uint8Array", piece));
      return;
    }
    this.#given += piece.byteLength;
    controller.enqueue(piece);
  }

  #tell(): void {
    if (this.#given === this.#taken) return;
    this.#taken = this.#given;
    this.#exchange.limits.restart("first-byte");
    tell(this.#onUpload, { current: this.#taken, total: undefined, unit: "B" as const }, "onUpload");
  }

  #fail(error: unknown): void {
    if (this.#isOpen) this.#exchange.fail(error);
  }

  /** The host needs no more of the body. */
  cancel(reason: unknown): void {
    this.#exchange.removePart(this);
    this.failed(reason);
  }

  failed(error: unknown): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#controller?.error(error);
    const failed = (failure: unknown): void => {
      if (failure !== error) report(failure, "closing the body of a request");
    };
    try {
      Promise.resolve(this.#source.close(error)).then(undefined, failed);
    } catch (failure) {
      failed(failure);
    }
  }
}
