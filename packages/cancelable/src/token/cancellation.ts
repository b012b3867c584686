import {
  type CancellationDetail,
  CancellationError,
  type CancellationReason,
  createCancellation,
} from "../errors.ts";

/**
 * Makes an error without frames: of a deadline, or of what was cancelled further up, they would be a timer's and this
 * library's own, and collecting them is most of what an error costs.
 */
function withoutFrames<T>(make: () => T): T {
  const limit = Error.stackTraceLimit;
  try {
    Error.stackTraceLimit = 0;
  } catch {
    /* v8 ignore next -- @preserve where `Error` is frozen: errors.test.ts sees it from outside */
    return make();
  }
  try {
    return make();
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/** One cancellation: made when it happens; its error only when somebody looks. */
export class Cancellation {
  readonly reason: CancellationReason;
  readonly message: string | undefined;
  /** Epoch milliseconds. */
  readonly at: number;
  /** The cancellation above that this one comes from (T3). */
  readonly origin: Cancellation | undefined;
  readonly #detail: CancellationDetail | undefined;
  #error: CancellationError | undefined;

  constructor(
    reason: CancellationReason,
    message?: string,
    detail?: CancellationDetail,
    origin?: Cancellation,
    error?: CancellationError,
  ) {
    this.reason = reason;
    this.message = message;
    this.at = Date.now();
    this.origin = origin;
    this.#detail = detail;
    this.#error = error;
    if (error !== undefined) CancellationError.own(error);
  }

  /** The one error that every waiter and the signal see. */
  get error(): CancellationError {
    if (this.#error !== undefined) return this.#error;
    // From the topmost origin down, so that a deep tree costs no stack (T6).
    const chain: Cancellation[] = [];
    for (let link: Cancellation | undefined = this; link !== undefined; link = link.origin) {
      if (link.#error !== undefined) break;
      chain.push(link);
    }
    for (const link of chain.reverse()) {
      const { origin } = link;
      const detail =
        origin === undefined
          ? link.#detail
          : { cause: origin.error, parentReason: origin.reason, ...link.#detail };
      const make = (): CancellationError => createCancellation(link.reason, link.message, detail);
      link.#error = origin === undefined && link.reason !== "timeout" ? make() : withoutFrames(make);
      CancellationError.own(link.#error);
    }
    return this.#error as unknown as CancellationError; // the chain begins with this
  }
}
