import {
  type AmbientScope,
  currentOperation,
  currentScope,
  decode,
  type StreamInput,
  UsageError,
} from "@hother/cancelable";
import {
  type KnownOptions,
  requireCount,
  requireFunction,
  requireKnownOptions,
} from "@hother/cancelable/extending";
import { tell } from "./tell.ts";

/**
 * A body of bytes: a `Response`, a web `ReadableStream`, an async iterable, or a Node `Readable`. A response without a body
 * counts as an empty one.
 */
export type BodySource = Response | StreamInput<Uint8Array>;

/** The options of `lines`, `ndjson` and `sse`. */
export interface BodyStreamOptions<T = unknown> {
  /**
   * The most characters of one line, or of the data of one event; `Infinity` for no bound. A longer one fails with an
   * {@link ItemTooLongError}. Default: 16,777,216.
   */
  readonly maxLength?: number | undefined;
  /**
   * Called with every item that had come in full, and that the reader did not get, when reading was cancelled or left. Never
   * called with a begun item. Default: these items are the partial result of the ambient operation, if there is one.
   */
  readonly onUndelivered?: ((item: T) => unknown) | undefined;
}

const known: KnownOptions<BodyStreamOptions> = { maxLength: 1, onUndelivered: 1 };
const defaultMaxLength = 16_777_216;

/** Makes items of the text of a body. */
export interface BodyParser<T> {
  /** The items that end in `text`. Read to the end before the next call. */
  push(text: string): Iterable<T>;
  /** The items that the end of the body ends. */
  end(): Iterable<T>;
}

/**
 * The items in a body.
 *
 * @param of The function of the user, for messages.
 */
export function bodyStream<T>(
  source: BodySource,
  options: BodyStreamOptions<T> | undefined,
  of: string,
  parser: (maxLength: number) => BodyParser<T>,
): AsyncGenerator<T, undefined, undefined> {
  requireKnownOptions(options, known, of);
  const { maxLength = defaultMaxLength, onUndelivered } = options ?? {};
  requireCount(maxLength, "options.maxLength", 1);
  if (onUndelivered !== undefined) requireFunction(onUndelivered, "options.onUndelivered");
  return new BodyItems(decode(toInput(source)), parser(maxLength), onUndelivered);
}

function toInput(source: BodySource): StreamInput<Uint8Array> {
  const { body, bodyUsed } = (source ?? {}) as Partial<Response>;
  if (typeof bodyUsed !== "boolean") return source as StreamInput<Uint8Array>; // `decode` refuses other values
  if (bodyUsed) throw new UsageError("ERR_BUSY", "source", "the body of the response has been read");
  return body ?? [];
}

const done = { done: true, value: undefined } as const;

/**
 * An iterator of its own, and no generator function, whose `return()` would wait for the text that a silent source never
 * sends. Belongs to the scope of its first `next()`.
 */
class BodyItems<T> implements AsyncGenerator<T, undefined, undefined> {
  readonly #texts: AsyncGenerator<string, undefined, undefined>;
  readonly #parser: BodyParser<T>;
  readonly #onUndelivered: ((item: T) => unknown) | undefined;
  #scope: AmbientScope | undefined;
  #operation: ReturnType<typeof currentOperation>;
  /** The items of the text that was read last. */
  #ready: Iterator<T> = [][Symbol.iterator]();
  #isOver = false;

  constructor(
    texts: AsyncGenerator<string, undefined, undefined>,
    parser: BodyParser<T>,
    onUndelivered: ((item: T) => unknown) | undefined,
  ) {
    this.#texts = texts;
    this.#parser = parser;
    this.#onUndelivered = onUndelivered;
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    if (this.#scope === undefined) {
      this.#scope = currentScope();
      this.#operation = currentOperation();
    }
    try {
      for (;;) {
        // A checkpoint. Many items in one text leave the host its turns.
        await this.#scope.waitFor(() => undefined);
        const item = this.#ready.next();
        if (!item.done) return item;
        if (this.#isOver) return done;
        const text = await this.#texts.next();
        if (text.done) this.#isOver = true;
        this.#ready = (text.done ? this.#parser.end() : this.#parser.push(text.value))[Symbol.iterator]();
      }
    } catch (error) {
      await this.return();
      throw error;
    }
  }

  async return(value?: undefined | PromiseLike<undefined>): Promise<IteratorReturnResult<undefined>> {
    this.#isOver = true;
    this.#keepRest();
    await this.#texts.return(undefined);
    return { done: true, value: await value };
  }

  async throw(error: unknown): Promise<never> {
    await this.return();
    throw error;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Keeps the items that have come in full, and that the reader did not get. A begun item is dropped. */
  #keepRest(): void {
    const rest: T[] = [];
    try {
      for (let item = this.#ready.next(); !item.done; item = this.#ready.next()) rest.push(item.value);
    } catch {
      // An item that is no good. The reader, who would get the error, has left.
    }
    if (this.#onUndelivered !== undefined)
      for (const item of rest) tell(this.#onUndelivered, item, "onUndelivered");
    else if (rest.length > 0 && this.#operation !== undefined)
      this.#operation.context.partialResult ??= { count: rest.length, completed: false, items: rest };
  }
}
