import { UsageError } from "../../usage-error.ts";
import type { InputReader } from "./input-reader.ts";

/** @internal Recognises a web `ReadableStream` by its methods, also one of a polyfill. */
export function isWebReadable(input: unknown): input is ReadableStream<unknown> {
  const candidate = input as Partial<ReadableStream> | null | undefined;
  return typeof candidate?.getReader === "function" && typeof candidate.cancel === "function";
}

/** @internal */
export function requireUnlocked(stream: ReadableStream<unknown>, argument: string): void {
  if (stream.locked) throw new UsageError("ERR_BUSY", argument, "the ReadableStream has a reader");
}

/** @internal Reads a web `ReadableStream`. */
export class WebReadableReader implements InputReader {
  readonly #reader: ReadableStreamDefaultReader<unknown>;
  readonly readsAhead = true;

  constructor(stream: ReadableStream<unknown>) {
    this.#reader = stream.getReader();
  }

  next(): PromiseLike<IteratorResult<unknown>> {
    return this.#reader.read() as Promise<IteratorResult<unknown>>; // the same shape
  }

  ended(): void {
    this.#reader.releaseLock();
  }

  async close(reason: unknown): Promise<void> {
    try {
      await this.#reader.cancel(reason);
    } finally {
      this.#reader.releaseLock();
    }
  }
}
