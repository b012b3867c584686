import { formatSpan } from "./duration.ts";

/** Why something was cancelled. */
export type CancellationReason =
  | "timeout"
  | "manual"
  | "signal"
  | "condition"
  | "parent"
  | "error"
  | "shutdown"
  | "disconnect";

/** What every cancellation error can be given. */
export interface CancellationErrorOptions {
  /** What led to it: the parent's error, a foreign signal's reason. */
  readonly cause?: unknown;
  /** What the cancelled operation knew about itself. */
  readonly context?: unknown;
}

const brand: unique symbol = Symbol.for("@hother/cancelable.error") as never;

/**
 * The error that a cancelled piece of work ends with. `name` is `AbortError`, or `TimeoutError`
 * for timeouts, and `code` is `ABORT_ERR`, so that code written for `AbortSignal` recognises it.
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
  /** Of a cancellation that happened. A mark, and no set of errors: V8 never shrinks the table of a large one. */
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

  /** @internal The error belongs to a cancellation of this library's, not to whoever constructed it. */
  static own(error: CancellationError): void {
    error.#isOwned = true;
  }

  /** @internal */
  static isOwned(error: object): boolean {
    return #isOwned in error && error.#isOwned;
  }
}
Object.defineProperty(CancellationError.prototype, brand, { value: true });

/** A deadline passed. */
export class TimeoutCancellation extends CancellationError {
  /** The span that was allowed, in milliseconds, where it is known. */
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

/** Somebody called `cancel()`. */
export class ManualCancellation extends CancellationError {
  constructor(message?: string, options?: CancellationErrorOptions) {
    super("manual", message ?? "Operation cancelled manually", options);
  }
}

/** An operating-system signal arrived. */
export class SignalCancellation extends CancellationError {
  /** Its name, such as `SIGINT`. */
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

/** A condition became true. */
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

/** What is above was cancelled; its error is the `cause`. */
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

/** What {@link createCancellation} may be told beyond reason and message. */
export interface CancellationDetail extends CancellationErrorOptions {
  readonly timeoutMs?: number;
  readonly signal?: string;
  readonly conditionName?: string;
  readonly parentId?: string;
  readonly parentReason?: CancellationReason;
}

/** The error class that belongs to a reason. */
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

/** Made by this library (any copy of it, any realm). */
export function isCancellationError(value: unknown): value is CancellationError {
  try {
    return typeof value === "object" && value !== null && (value as { [brand]?: unknown })[brand] === true;
  } catch {
    return false;
  }
}

/** Follows `cause` until `found` says yes; safe against cycles and getters that throw. */
function causeChain(error: unknown, found: (error: unknown) => boolean): boolean {
  let current = error;
  for (let depth = 0; depth < 64 && current !== undefined && current !== null; depth++) {
    if (found(current)) return true;
    if (typeof current !== "object") return false;
    try {
      current = (current as { cause?: unknown }).cause;
    } catch {
      return false;
    }
  }
  return false;
}

/** Whether `error` is `own`, or was caused by it, or is an abort while `own` holds. Never by its text. */
export function belongsTo(error: unknown, own: CancellationError): boolean {
  if (error === own || causeChain(error, (cause) => cause === own)) return true;
  try {
    const name: unknown = (error as { name?: unknown } | null | undefined)?.name;
    return name === "AbortError" || name === "TimeoutError";
  } catch {
    return false;
  }
}

/**
 * Whether an error is a cancellation. Without `of`: one of this library's errors, or one caused by
 * it. With `of` (a token, a scope, an operation): whether it is the cancellation *of that*: the same
 * error object, or one whose `cause` chain reaches it, or, once it is cancelled, an `AbortError` or
 * `TimeoutError` of anybody (what `fetch` throws). The message's text never counts.
 *
 * @example
 * ```ts
 * import { CancellationToken, isCancellation } from "@hother/cancelable";
 *
 * const token = new CancellationToken();
 * token.cancel("manual", "enough");
 * try {
 *   token.check();
 * } catch (error) {
 *   console.assert(isCancellation(error, token));
 * }
 * ```
 */
export function isCancellation(
  error: unknown,
  of?: { readonly error?: CancellationError | undefined },
): boolean {
  if (of === undefined) return causeChain(error, isCancellationError);
  const own = of.error;
  return own !== undefined && belongsTo(error, own);
}
