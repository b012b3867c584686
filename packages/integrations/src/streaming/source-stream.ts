import { type Source, toBytes } from "./source.ts";

/** The body of a `Response`: reads a source when the host asks. */
export class SourceStream implements UnderlyingDefaultSource<Uint8Array> {
  readonly #source: Source<unknown>;
  #isCancelled = false;

  constructor(source: Source<unknown>) {
    this.#source = source;
  }

  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    try {
      const { done, value } = await this.#source.next();
      if (this.#isCancelled) return;
      if (done === true) controller.close();
      else controller.enqueue(toBytes(value));
    } catch (error) {
      this.#source.close();
      const isAnswered = this.#source.fail(error);
      if (this.#isCancelled) return;
      // Hosts log the error of a stream. They need not, where the error is answered and reported.
      if (isAnswered) controller.close();
      else controller.error(error);
    }
  }

  cancel(): void {
    this.#isCancelled = true;
    this.#source.close();
  }
}
