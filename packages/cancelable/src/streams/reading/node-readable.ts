import type { SourceReader } from "./stream-input.ts";

/** @internal As much of Node's `Readable` as is used: known by its shape, so that nothing of Node is imported. */
export interface ReadableLike extends AsyncIterable<unknown> {
  readonly closed?: boolean;
  /** Of the stream's internals; a stream that announces no close is not waited for. */
  readonly _readableState?: { readonly emitClose?: boolean };
  read(size?: number): unknown;
  destroy(error?: unknown): unknown;
  on(event: string, listener: (...args: never[]) => void): unknown;
  off(event: string, listener: (...args: never[]) => void): unknown;
}

export function isNodeReadable(source: unknown): source is ReadableLike {
  const candidate = source as Partial<ReadableLike> | null | undefined;
  return (
    typeof candidate?.read === "function" &&
    typeof candidate.destroy === "function" &&
    typeof candidate.on === "function" &&
    typeof candidate.off === "function" &&
    typeof candidate[Symbol.asyncIterator] === "function"
  );
}

const ignore = (): void => {};

/** @internal Reads by Node's own iterator, and closes by `destroy`, which ends a read that is under way. */
export class NodeReadableReader implements SourceReader {
  readonly #readable: ReadableLike;
  #iterator: AsyncIterator<unknown> | undefined;
  readonly queues = false;

  constructor(readable: ReadableLike) {
    this.#readable = readable;
  }

  next(): PromiseLike<IteratorResult<unknown>> {
    this.#iterator ??= this.#readable[Symbol.asyncIterator]();
    return this.#iterator.next();
  }

  async close(reason: unknown): Promise<void> {
    const readable = this.#readable;
    // The reason is emitted as an error, which without a listener would end the process.
    readable.on("error", ignore);
    const closed = this.#closing();
    readable.destroy(reason);
    // It finds a destroyed stream, and takes its own listeners off it.
    await this.#iterator?.return?.();
    if (closed === undefined) return;
    await closed;
    readable.off("error", ignore);
  }

  /** What `destroy()` makes of a read that waits. */
  isOfClosing(error: unknown): boolean {
    try {
      return (error as { code?: unknown } | undefined)?.code === "ERR_STREAM_PREMATURE_CLOSE";
    } catch {
      // It throws when it is looked at: the source's own.
      return false;
    }
  }

  #closing(): Promise<void> | undefined {
    const readable = this.#readable;
    if (readable.closed !== false || readable._readableState?.emitClose === false) return undefined;
    return new Promise((resolve) => {
      const closed = (): void => {
        readable.off("close", closed);
        resolve();
      };
      readable.on("close", closed);
    });
  }
}
