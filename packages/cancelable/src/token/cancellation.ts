import { defaultMessage } from "../default-message.ts";
import {
  type CancellationDetail,
  CancellationError,
  type CancellationOwner,
  type CancellationReason,
  createCancellation,
} from "../errors.ts";

/**
 * Creates an error without a stack trace. For timeouts and inherited cancellations the stack would show only timer
 * and library frames, and capturing it is the main cost of an error.
 */
function withoutStack<T>(create: () => T): T {
  const limit = Error.stackTraceLimit;
  try {
    Error.stackTraceLimit = 0;
  } catch {
    /* v8 ignore next -- @preserve where `Error` is frozen: a test runs this in a process of its own */
    return create();
  }
  try {
    return create();
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/** Shows where the scope was made as the only frame of an error that has none. */
function showPlace(error: Error, place: string): void {
  const value = `${error.name}: ${error.message}\n    at ${place}`;
  Object.defineProperty(error, "stack", { value, writable: true, configurable: true });
}

/** One cancellation. It is created when it happens; its error is created on first use. */
export class Cancellation {
  readonly reason: CancellationReason;
  /** Epoch milliseconds. */
  readonly at: number;
  /** The cancellation of the node above that caused this one (T3). */
  readonly origin: Cancellation | undefined;
  readonly #message: string | undefined;
  readonly #detail: CancellationDetail | undefined;
  #owner: CancellationOwner | undefined = undefined;
  #error: CancellationError | undefined;

  constructor(
    reason: CancellationReason,
    message?: string,
    detail?: CancellationDetail,
    origin?: Cancellation,
    error?: CancellationError,
    at: number = Date.now(),
  ) {
    this.reason = reason;
    this.#message = message;
    this.at = at;
    this.origin = origin;
    this.#detail = detail;
    this.#error = error;
    if (error !== undefined) CancellationError.own(error, undefined);
  }

  /** The text of the cancellation. Undefined for a call of `cancel()` without a message. */
  get message(): string | undefined {
    return (
      this.#message ??
      (this.#detail === undefined || "cause" in this.#detail ? undefined : this.error.message)
    );
  }

  /** The operation whose cancellation this is. Set before the error is created, because the message names it. */
  set owner(owner: CancellationOwner | undefined) {
    this.#owner = owner;
    if (this.#error !== undefined) CancellationError.own(this.#error, owner);
  }

  /** Creates the error now. Its stack begins at the caller of `called`. */
  captureCaller(called: (...args: never[]) => unknown): void {
    const { captureStackTrace } = Error as { captureStackTrace?: (error: object, called: unknown) => void };
    if (captureStackTrace === undefined) void this.error;
    else
      captureStackTrace(
        withoutStack(() => this.error),
        called,
      );
  }

  /** The one error of this cancellation. Every waiter and the signal get this object. */
  get error(): CancellationError {
    if (this.#error !== undefined) return this.#error;
    // The errors are created from the topmost origin down in a loop, so that a deep tree costs no stack (T6).
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
          : link.reason === "parent"
            ? { cause: origin.error, parentReason: origin.reason, ...link.#detail }
            : { cause: origin.error, ...link.#detail };
      const subject = link.#owner?.subject;
      const message = link.#message ?? defaultMessage(link.reason, detail, subject);
      const create = (): CancellationError => createCancellation(link.reason, message, detail);
      const hasFrames = origin === undefined && link.reason !== "timeout";
      const error = hasFrames ? create() : withoutStack(create);
      CancellationError.own(error, link.#owner);
      if (!hasFrames && link.#owner?.place !== undefined) showPlace(error, link.#owner.place);
      link.#error = error;
    }
    return this.#error as unknown as CancellationError; // set above: the chain contains this cancellation
  }
}
