import { type RequestSignal, requestSignal } from "../http/request-signal.ts";
import type { AnswerRecord } from "./partial-answer.ts";
import { untilAborted } from "./until-aborted.ts";

/** The errors of a client that the client itself uses for an abort. */
export interface SdkErrors {
  /** The error for a signal of the user, with the reason of the signal as its cause. */
  aborted(reason: unknown): Error;
  /** An error that a stream helper of the client hands on as it is. */
  failed(message: string, cause: unknown): Error;
}

/** The code that a call was made by, for the error that it gets. */
export type CallOrigin = "user" | "helper" | "unknown-helper";

/** One call of a client, with all of its attempts and its body. It follows the scope and the signal of the caller. */
export class SdkCall {
  readonly #link: RequestSignal;
  readonly #errors: SdkErrors;
  readonly #origin: CallOrigin;
  readonly record: AnswerRecord;
  /** Whether a stream of parts reads the body. The call then ends with this stream. */
  isRead = false;
  #isOver = false;

  constructor(
    own: AbortSignal | undefined,
    what: string,
    errors: SdkErrors,
    origin: CallOrigin,
    record: AnswerRecord,
  ) {
    this.#link = requestSignal(own, what);
    this.#errors = errors;
    this.#origin = origin;
    this.record = record;
  }

  get signal(): AbortSignal {
    return this.#link.signal;
  }

  /** Whether the scope has cut the call off. */
  get isCancelled(): boolean {
    return this.#link.isCancelled;
  }

  /** The error for the caller, once the signal is aborted. */
  failure(): unknown {
    const { reason } = this.#link.signal;
    if (this.#link.isCancelled && this.#origin === "user") return reason;
    // A helper turns an `AbortError` into its own, without the reason. It hands on an error of its client.
    if (this.#link.isCancelled && this.#origin === "unknown-helper")
      return this.#errors.failed((reason as Error).message, reason); // the error of the scope
    return this.#errors.aborted(reason);
  }

  /** Waits for a part of the call. */
  during<T>(work: PromiseLike<T>): Promise<T> {
    return untilAborted(work, this.signal, () => this.failure());
  }

  /** From now on the user reads the body. The end of the operation cuts off a body that is not read. */
  ownBody(): void {
    this.#link.ownBody();
  }

  /** Ends the following. The signal is not aborted any more, and no listener is left. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.isCancelled) this.record.stop();
    this.#link[Symbol.dispose]();
  }
}
