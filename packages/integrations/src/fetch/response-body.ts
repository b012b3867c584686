import type { Exchange, Part } from "./exchange.ts";
import { withPhase } from "./host-timeouts.ts";
import type { CallOptions } from "./options.ts";
import { tell } from "./tell.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** The body of a response, as a stream that ends with its exchange. It reads only when its reader reads. */
export class ResponseBody implements UnderlyingByteSource, Part {
  readonly type = "bytes" as const;
  readonly #exchange: Exchange;
  readonly #onDownload: CallOptions["onDownload"];
  readonly #total: number | undefined;
  readonly #reader: ReadableStreamDefaultReader<Bytes>;
  #controller!: ReadableByteStreamController;
  #current = 0;
  #isOpen = true;

  constructor(
    source: ReadableStream<Bytes>,
    exchange: Exchange,
    onDownload: CallOptions["onDownload"],
    headers: Headers,
  ) {
    // At once: undici cancels a body without a reader when the response of the host is collected, which no code holds.
    this.#reader = source.getReader();
    this.#exchange = exchange;
    this.#onDownload = onDownload;
    // The length counts the bytes before the decompression.
    const length = headers.has("content-encoding") ? null : headers.get("content-length");
    if (length !== null && /^\d+$/.test(length)) this.#total = Number(length);
  }

  start(controller: ReadableByteStreamController): void {
    this.#controller = controller;
  }

  async pull(controller: ReadableByteStreamController): Promise<void> {
    const { limits } = this.#exchange;
    for (;;) {
      let result: ReadableStreamReadResult<Bytes>;
      limits.start("idle");
      try {
        result = await this.#reader.read();
      } catch (error) {
        this.#exchange.fail(withPhase(error, this.#exchange.label));
        return;
      }
      if (!this.#isOpen) return;
      limits.stop("idle");
      if (result.done) {
        this.#isOpen = false;
        this.#exchange.complete();
        controller.close();
        controller.byobRequest?.respond(0);
        return;
      }
      // A stream of bytes refuses an empty piece.
      if (result.value.byteLength === 0) continue;
      this.#current += result.value.byteLength;
      controller.enqueue(result.value);
      tell(
        this.#onDownload,
        { current: this.#current, total: this.#total, unit: "B" as const },
        "onDownload",
      );
      return;
    }
  }

  /** The reader leaves. */
  async cancel(reason: unknown): Promise<void> {
    this.#isOpen = false;
    this.#exchange.complete();
    await this.#reader.cancel(reason);
  }

  failed(error: unknown): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#controller.error(error);
    // The host closes the body because its signal is aborted. A `fetch` that ignores its signal is told in this way.
    this.#reader.cancel(error).then(undefined, () => {});
  }
}
