import type { InputReader } from "./input-reader.ts";

/** @internal The part of Node's `Readable` that is used here. A structural type, so that no module of Node is imported. */
export interface ReadableLike extends AsyncIterable<unknown> {
  readonly closed?: boolean;
  /** Internal state of Node. With `emitClose: false` there is no `close` event to wait for. */
  readonly _readableState?: { readonly emitClose?: boolean };
  read(size?: number): unknown;
  destroy(error?: unknown): unknown;
  on(event: string, listener: (...args: never[]) => void): unknown;
  off(event: string, listener: (...args: never[]) => void): unknown;
}

/** @internal Recognises a Node `Readable` by its methods. */
export function isNodeReadable(input: unknown): input is ReadableLike {
  const candidate = input as Partial<ReadableLike> | null | undefined;
  return (
    typeof candidate?.read === "function" &&
    typeof candidate.destroy === "function" &&
    typeof candidate.on === "function" &&
    typeof candidate.off === "function" &&
    typeof candidate[Symbol.asyncIterator] === "function"
  );
}

const ignore = (): void => {};

/** @internal Reads by Node's own iterator, and closes by `destroy()`, which also ends a read in progress. */
export class NodeReadableReader implements InputReader {
  readonly #readable: ReadableLike;
  #iterator: AsyncIterator<unknown> | undefined;
  readonly readsAhead = true;

  constructor(readable: ReadableLike) {
    this.#readable = readable;
  }

  next(): PromiseLike<IteratorResult<unknown>> {
    this.#iterator ??= this.#readable[Symbol.asyncIterator]();
    return this.#iterator.next();
  }

  async close(reason: unknown): Promise<void> {
    const readable = this.#readable;
    // `destroy(reason)` emits an `error` event, and without a listener this event would end the process.
    readable.on("error", ignore);
    const closed = this.#closed();
    readable.destroy(reason);
    // `return()` of the iterator sees a destroyed stream and only removes the iterator's own listeners.
    await this.#iterator?.return?.();
    if (closed === undefined) return;
    await closed;
    readable.off("error", ignore);
  }

  /** `destroy()` makes a read in progress fail with this code. */
  fromClose(error: unknown): boolean {
    try {
      return (error as { code?: unknown } | undefined)?.code === "ERR_STREAM_PREMATURE_CLOSE";
    } catch {
      // The property `code` threw: not an error of Node.
      return false;
    }
  }

  /** Resolves at the `close` event. `undefined` if no such event will come. */
  #closed(): Promise<void> | undefined {
    const readable = this.#readable;
    if (readable.closed !== false || readable._readableState?.emitClose === false) return undefined;
    return new Promise((resolve) => {
      const onClose = (): void => {
        readable.off("close", onClose);
        resolve();
      };
      readable.on("close", onClose);
    });
  }
}
