import { bind, currentOperation, report } from "@hother/cancelable";
import { invalidType, isThenable } from "@hother/cancelable/extending";
import { RequestOperation } from "../http/request-operation.ts";

const done: IteratorReturnResult<undefined> = { done: true, value: undefined };

/**
 * The source of a streamed answer. It runs in the scope and the async context in which it was made, and not in those of its reader. The operation of
 * the request does not end before the source has, so that the clean-up of the source belongs to the request.
 */
export class Source<T> {
  readonly #source: AsyncIterable<T>;
  #iterator: AsyncIterator<T> | undefined = undefined;
  readonly #inScope: <R>(fn: () => R) => R = bind((fn) => fn());
  readonly #operation: RequestOperation<unknown> | undefined;
  #isOver = false;
  /** Ends the wait of a reader, because the source was closed. */
  #wake: () => void = ignore;
  /** Tells the operation that the source has ended. */
  #end: () => void = ignore;

  constructor(source: AsyncIterable<T>, argument: string) {
    if (typeof (source as AsyncIterable<T> | undefined)?.[Symbol.asyncIterator] !== "function")
      throw invalidType(argument, "an AsyncIterable, such as an async generator", source);
    this.#source = source;
    const operation = currentOperation();
    this.#operation = operation instanceof RequestOperation ? operation : undefined;
  }

  /** Reads the next item. After {@link close}, the source is done, also for a read that is waiting. */
  next(): Promise<IteratorResult<T, unknown>> {
    if (this.#isOver) return Promise.resolve(done);
    return new Promise((resolve, reject) => {
      this.#wake = () => resolve(done);
      this.#read().then(
        (result) => {
          if (result.done) this.#ended();
          resolve(result);
        },
        (error: unknown) => {
          reject(error);
          this.close();
        },
      );
    });
  }

  async #read(): Promise<IteratorResult<T, unknown>> {
    return this.#inScope(() => this.#start().next());
  }

  #start(): AsyncIterator<T> {
    if (this.#iterator === undefined) {
      this.#operation?.handling(
        new Promise<void>((resolve) => {
          this.#end = resolve;
        }),
      );
      this.#iterator = this.#source[Symbol.asyncIterator]();
    }
    return this.#iterator;
  }

  /** The reader has gone: calls `return` of the source. An error of its clean-up is reported. */
  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#wake();
    this.#return().then(this.#end, (error: unknown) => {
      if (this.#operation?.isConsequence(error) !== true) report(error, "the source of a streamed answer");
      this.#end();
    });
  }

  async #return(): Promise<void> {
    const iterator = this.#iterator;
    const result = this.#inScope(() => iterator?.return?.());
    if (isThenable(result)) await result;
  }

  #ended(): void {
    this.#isOver = true;
    this.#end();
  }

  /**
   * Answers an error of the source: breaks the answer off, or sends 500 if none has begun. The cancellation of the request needs no
   * answer.
   *
   * @returns false if no operation is there to do that.
   */
  fail(error: unknown): boolean {
    const operation = this.#operation;
    if (operation?.fail(error)) operation.answerFailure(error);
    return operation !== undefined;
  }

  /** Whether an error comes from the end of the request, which has been answered. */
  isConsequence(error: unknown): boolean {
    return this.#operation?.isConsequence(error) === true;
  }
}

function ignore(): void {}

const encoder = new TextEncoder();

/** The bytes of an item of a source. */
export function toBytes(item: unknown): Uint8Array {
  if (typeof item === "string") return encoder.encode(item);
  if (item instanceof Uint8Array) return item;
  throw invalidType("an item of the source", "a string or a Uint8Array", item);
}
