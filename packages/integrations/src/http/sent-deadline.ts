import { bind, currentScope } from "@hother/cancelable";
import { type KnownDeadlineHeader, readTimeLeft, timeLeft, writeTimeLeft } from "./deadline-header.ts";

/** The deadline of a request that is not sent yet. It is looked up in the scope that made the request. */
export class SentDeadline {
  readonly header: KnownDeadlineHeader | undefined;
  readonly #inScope: (read: () => number) => number = bind((read) => read());

  /** @param header The header that tells the server. undefined for none. */
  constructor(header: KnownDeadlineHeader | undefined) {
    this.header = header;
  }

  /** The time that is left, in ms. No answer is possible in less than 1 ms. -Infinity in a cancelled scope. */
  left(): number {
    return this.#inScope(() => (currentScope().isCancelled ? Number.NEGATIVE_INFINITY : timeLeft()));
  }

  /**
   * The value of the header for a request that is sent now. Undefined if none is to be written: there is no deadline, or
   * the caller has set a smaller value.
   *
   * @param left The result of {@link left}.
   * @param existing The value that the caller has set.
   */
  value(left: number, existing?: unknown): string | undefined {
    if (this.header === undefined) return undefined;
    const { format } = this.header;
    const own = typeof existing === "string" ? readTimeLeft(existing, format) : undefined;
    return own !== undefined && own <= left ? undefined : writeTimeLeft(left, format);
  }
}
