import { formatSpan } from "./duration.ts";

/** All reasons for a cancellation. */
export const cancellationReasons = [
  "timeout",
  "manual",
  "signal",
  "condition",
  "parent",
  "error",
  "shutdown",
  "disconnect",
] as const;

/** The reason for a cancellation. */
export type CancellationReason = (typeof cancellationReasons)[number];

/** The options of every cancellation error. */
export interface CancellationErrorOptions {
  /**
   * The error that led to the cancellation, for example the error of the parent or the reason of an `AbortSignal`.
   */
  readonly cause?: unknown;
  /** Data about the cancelled operation. */
  readonly context?: unknown;
}

const brand: unique symbol = Symbol.for("@hother/cancelable.error") as never;

/**
 * The error of a cancellation. `name` is `AbortError`, or `TimeoutError` for a timeout, and `code` is `ABORT_ERR`, so
 * that code for `AbortSignal` recognises the error.
 *
 * @example
 * ```ts
 * import { CancellationError, isCancellation } from "@hother/cancelable";
 *
 * const error = new CancellationError("shutdown", "the service is going down");
 * console.assert(error.name === "AbortError" && isCancellation(error));
 * ```
 */
export class CancellationError extends Error {
  /** True once a token or a scope owns this error. A flag, because a `WeakSet` of many errors never shrinks in V8. */
  #isOwned = false;
  readonly reason: CancellationReason;
  readonly code: "ABORT_ERR" = "ABORT_ERR";
  declare readonly context?: unknown;

  constructor(reason: CancellationReason = "manual", message?: string, options?: CancellationErrorOptions) {
    super(
      message ?? `Operation cancelled: ${reason}`,
      options !== undefined && "cause" in options ? { cause: options.cause } : undefined,
    );
    this.name = reason === "timeout" ? "TimeoutError" : "AbortError";
    this.reason = reason;
    if (options?.context !== undefined) this.context = options.context;
  }

  /** @internal Marks the error as the error of a cancellation that has happened. */
  static own(error: CancellationError): void {
    error.#isOwned = true;
  }

  /** @internal Whether `error` was constructed by a user, so that no token, scope or operation owns it. */
  static isFresh(error: unknown): error is CancellationError {
    try {
      return error instanceof CancellationError && !(#isOwned in error && error.#isOwned);
    } catch {
      // A proxy can throw when its prototype is read.
      return false;
    }
  }
}
Object.defineProperty(CancellationError.prototype, brand, { value: true });

/** The error of a deadline that has passed. */
export class TimeoutCancellation extends CancellationError {
  /** The time span that was allowed, in ms. Undefined for an absolute deadline. */
  declare readonly timeoutMs?: number;
  constructor(message?: string, options?: CancellationErrorOptions & { readonly timeoutMs?: number }) {
    const ms = options?.timeoutMs;
    super(
      "timeout",
      message ?? `Operation timed out${ms === undefined ? "" : ` after ${formatSpan(ms)}`}`,
      options,
    );
    if (ms !== undefined) this.timeoutMs = ms;
  }
}

/** The error of a call of `cancel()` without another reason. */
export class ManualCancellation extends CancellationError {
  constructor(message?: string, options?: CancellationErrorOptions) {
    super("manual", message ?? "Operation cancelled manually", options);
  }
}

/** The error of a cancellation by an operating-system signal. */
export class SignalCancellation extends CancellationError {
  /** The name of the signal, such as `SIGINT`. */
  declare readonly signal?: string;
  constructor(message?: string, options?: CancellationErrorOptions & { readonly signal?: string }) {
    const signal = options?.signal;
    super(
      "signal",
      message ?? `Operation cancelled by signal${signal === undefined ? "" : ` ${signal}`}`,
      options,
    );
    if (signal !== undefined) this.signal = signal;
  }
}

/** The error of a cancellation by a condition that became true. */
export class ConditionCancellation extends CancellationError {
  declare readonly conditionName?: string;
  constructor(message?: string, options?: CancellationErrorOptions & { readonly conditionName?: string }) {
    const name = options?.conditionName;
    super(
      "condition",
      message ?? `Operation cancelled: ${name === undefined ? "" : `${name} `}condition met`,
      options,
    );
    if (name !== undefined) this.conditionName = name;
  }
}

/** The error of a cancellation that came from the parent. The error of the parent is the `cause`. */
export class ParentCancellation extends CancellationError {
  declare readonly parentId?: string;
  declare readonly parentReason?: CancellationReason;
  constructor(
    message?: string,
    options?: CancellationErrorOptions & {
      readonly parentId?: string;
      readonly parentReason?: CancellationReason;
    },
  ) {
    const reason = options?.parentReason;
    super(
      "parent",
      message ??
        `Operation cancelled because its parent was cancelled${reason === undefined ? "" : ` (${reason})`}`,
      options,
    );
    if (options?.parentId !== undefined) this.parentId = options.parentId;
    if (reason !== undefined) this.parentReason = reason;
  }
}

/** The data of a cancellation besides reason and message. */
export interface CancellationDetail extends CancellationErrorOptions {
  readonly timeoutMs?: number;
  readonly signal?: string;
  readonly conditionName?: string;
  readonly parentId?: string;
  readonly parentReason?: CancellationReason;
}

/** Creates the error for a reason, of the class that belongs to the reason. */
export function createCancellation(
  reason: CancellationReason,
  message?: string,
  detail?: CancellationDetail,
): CancellationError {
  switch (reason) {
    case "timeout":
      return new TimeoutCancellation(message, detail);
    case "manual":
      return new ManualCancellation(message, detail);
    case "signal":
      return new SignalCancellation(message, detail);
    case "condition":
      return new ConditionCancellation(message, detail);
    case "parent":
      return new ParentCancellation(message, detail);
    default:
      return new CancellationError(reason, message, detail);
  }
}

/** Whether `value` is an error of this library: of any copy of the library, and of any realm. */
export function isCancellationError(value: unknown): value is CancellationError {
  try {
    return typeof value === "object" && value !== null && (value as { [brand]?: unknown })[brand] === true;
  } catch {
    return false;
  }
}
