/*
 * The errors of cancellations. This file is long because the base class creates its subclasses from JSON, so that the
 * classes, their union and their factory refer to each other.
 */

import { invalidType } from "./arguments.ts";
import { defaultMessage } from "./default-message.ts";

/**
 * The reason for a cancellation: one of the library's words, or a word of the application, such as `quota` or
 * `client-left`. Words consist of lower-case letters and single hyphens.
 */
export type CancellationReason =
  | "timeout"
  | "manual"
  | "signal"
  | "condition"
  | "parent"
  | "error"
  | "shutdown"
  | "disconnect"
  // Any other word. The intersection keeps editors from dropping the words above from their suggestions.
  | (string & Record<never, never>);

/** Checks a reason. */
export function requireReason(reason: unknown, argument = "reason"): void {
  if (typeof reason !== "string" || !/^[a-z]+(-[a-z]+)*$/.test(reason)) {
    throw invalidType(argument, 'a word such as "shutdown", of lower-case letters and hyphens', reason);
  }
}

/** The options of every cancellation error. */
export interface CancellationErrorOptions {
  /**
   * The error that led to the cancellation, for example the error of the parent or the reason of an `AbortSignal`.
   */
  readonly cause?: unknown;
  /** Data about the cancelled operation. */
  readonly context?: unknown;
}

/** The operation or the named scope to which a cancellation belongs. */
export interface CancellationOwner {
  /** Undefined for a scope. */
  readonly id?: string;
  readonly name: string | undefined;
  /** The operation or scope as the subject of a sentence. Undefined if it has neither a name nor a given id. */
  readonly subject: string | undefined;
  /** Where the operation or scope was made, if places are kept. */
  readonly place: string | undefined;
}

const detailKeys = ["timeoutMs", "signal", "conditionName", "parentId", "parentReason"] as const;

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
  /**
   * The operation that owns this error, or `true` for a token or a scope. A field, because a `WeakSet` of many errors
   * never shrinks in V8.
   */
  #owner: CancellationOwner | true | undefined = undefined;
  /** The reason of the foreign signal from which this cancellation came. Code that got the signal throws this value. */
  #signalReason: { readonly value: unknown } | undefined = undefined;
  readonly reason: CancellationReason;
  readonly code: "ABORT_ERR" = "ABORT_ERR";
  /** The name of the class. `Effect.catchTag` looks at it. */
  declare readonly _tag: string;
  declare readonly context?: unknown;
  // The details of all reasons: a test of `reason` gives access to them, also where words of the application are possible.
  /** The time span that was allowed, in ms. Only of a timeout, and undefined for an absolute deadline. */
  declare readonly timeoutMs?: number;
  /** The name of the operating-system signal, such as `SIGINT`. */
  declare readonly signal?: string;
  /** The name of the condition that became true. */
  declare readonly conditionName?: string;
  /** The id of the parent operation. */
  declare readonly parentId?: string;
  /** The reason of the parent's cancellation. */
  declare readonly parentReason?: CancellationReason;

  constructor(reason: CancellationReason = "manual", message?: string, options?: CancellationErrorOptions) {
    super(
      message ?? defaultMessage(reason, options as CancellationDetail | undefined),
      options !== undefined && "cause" in options ? { cause: options.cause } : undefined,
    );
    this.name = reason === "timeout" ? "TimeoutError" : "AbortError";
    this.reason = reason;
    if (options === undefined) return;
    if (options.context !== undefined) this.context = options.context;
    const detail: CancellationDetail = options;
    for (const key of detailKeys) {
      if (detail[key] !== undefined) Object.assign(this, { [key]: detail[key] });
    }
    const { cause } = detail;
    if (detail.fromSignal) this.#signalReason = { value: cause };
    // A failure that led to a cancellation is not a cancellation.
    else if (reason !== "error" && isCancellationError(cause) && #owner in cause)
      this.#signalReason = cause.#signalReason;
  }

  /** The operation whose cancellation this is. Undefined for a token, a scope, and an error that a user constructed. */
  get operation(): { readonly id: string; readonly name: string | undefined } | undefined {
    const owner = this.#owner;
    const id = typeof owner === "object" ? owner.id : undefined;
    return id === undefined ? undefined : { id, name: (owner as CancellationOwner).name };
  }

  /**
   * Where the cancelled operation or scope was made, such as `loadUsers (file:///app/users.js:12:9)`. Undefined unless
   * `keepPlaces` of `@hother/cancelable/inspect` was on by then.
   */
  get place(): string | undefined {
    const owner = this.#owner;
    return typeof owner === "object" ? owner.place : undefined;
  }

  /** The data of the error for `JSON.stringify`, without the stack and the cause. {@link from} reads it. */
  toJSON(): CancellationJson {
    const { name, reason, message, code } = this;
    const json: Record<string, unknown> = { name, reason, message, code };
    if (this.operation !== undefined) json.operation = this.operation;
    for (const key of detailKeys) {
      const value = (this as CancellationDetail)[key];
      if (value !== undefined) json[key] = value;
    }
    return json as unknown as CancellationJson; // the four fields above, and details of their types
  }

  /**
   * Creates the error from the result of {@link toJSON}, for example after it went through a message or a database. The
   * error belongs to no token, scope or operation.
   *
   * @throws TypeError for other data.
   * @example
   * ```ts
   * import { CancellationError, TimeoutCancellation } from "@hother/cancelable";
   *
   * const text = JSON.stringify(new TimeoutCancellation("too slow", { timeoutMs: 50 }));
   * const error = CancellationError.from(JSON.parse(text));
   * console.assert(error instanceof TimeoutCancellation && error.timeoutMs === 50);
   * ```
   */
  static from(json: CancellationJson): AnyCancellation {
    const { reason, message } = (json ?? {}) as { readonly reason?: unknown; readonly message?: unknown };
    if (typeof json !== "object" || typeof message !== "string") {
      throw invalidType("json", "the JSON of a cancellation", json);
    }
    requireReason(reason, "json.reason");
    const detail: Record<string, unknown> = {};
    for (const key of detailKeys) {
      const value: unknown = json[key];
      if (typeof value === (key === "timeoutMs" ? "number" : "string")) detail[key] = value;
    }
    return createCancellation(reason as CancellationReason, message, detail);
  }

  /** @internal Marks the error as the error of a cancellation that has happened. */
  static own(error: CancellationError, owner: CancellationOwner | undefined): void {
    if (#owner in error) error.#owner = owner ?? true;
  }

  /** @internal The operation or named scope whose cancellation `error` is, if any. */
  static ownerOf(error: unknown): CancellationOwner | undefined {
    if (typeof error !== "object" || error === null || !(#owner in error)) return undefined;
    const owner = error.#owner;
    return typeof owner === "object" ? owner : undefined;
  }

  /** @internal The foreign signal's reason from which the cancellation came, or else the error itself. */
  static originOf(error: CancellationError): unknown {
    return (#owner in error ? error.#signalReason?.value : undefined) ?? error;
  }

  /** @internal Whether `error` was constructed by a user, so that no token, scope or operation owns it. */
  static isFresh(error: unknown): error is CancellationError {
    try {
      return error instanceof CancellationError && !(#owner in error && error.#owner !== undefined);
    } catch {
      // A proxy can throw when its prototype is read.
      return false;
    }
  }
}
Object.defineProperty(CancellationError.prototype, brand, { value: true });
setTag(CancellationError, "CancellationError");

/** On the prototype, so that an error has no further property, and minified code keeps the name. */
function setTag(of: abstract new (...args: never[]) => CancellationError, tag: string): void {
  Object.defineProperty(of.prototype, "_tag", { value: tag });
}

/** The error of a deadline that has passed. */
export class TimeoutCancellation extends CancellationError {
  declare readonly reason: "timeout";
  declare readonly _tag: "TimeoutCancellation";
  constructor(message?: string, options?: CancellationErrorOptions & { readonly timeoutMs?: number }) {
    super("timeout", message, options);
  }
}

/** The error of a call of `cancel()` without another reason. */
export class ManualCancellation extends CancellationError {
  declare readonly reason: "manual";
  declare readonly _tag: "ManualCancellation";
  constructor(message?: string, options?: CancellationErrorOptions) {
    super("manual", message, options);
  }
}

/** The error of a cancellation by an operating-system signal. */
export class SignalCancellation extends CancellationError {
  declare readonly reason: "signal";
  declare readonly _tag: "SignalCancellation";
  constructor(message?: string, options?: CancellationErrorOptions & { readonly signal?: string }) {
    super("signal", message, options);
  }
}

/** The error of a cancellation by a condition that became true. */
export class ConditionCancellation extends CancellationError {
  declare readonly reason: "condition";
  declare readonly _tag: "ConditionCancellation";
  constructor(message?: string, options?: CancellationErrorOptions & { readonly conditionName?: string }) {
    super("condition", message, options);
  }
}

/** The error of a cancellation that came from the parent. The error of the parent is the `cause`. */
export class ParentCancellation extends CancellationError {
  declare readonly reason: "parent";
  declare readonly _tag: "ParentCancellation";
  constructor(
    message?: string,
    options?: CancellationErrorOptions & {
      readonly parentId?: string;
      readonly parentReason?: CancellationReason;
    },
  ) {
    super("parent", message, options);
  }
}

/** A cancellation of any other reason: `error`, `shutdown`, `disconnect`, or a word of the application. */
export interface OtherCancellation extends CancellationError {
  readonly _tag: "CancellationError";
}

/** The classes of cancellations as a union. A test of `_tag` or of the class narrows it. */
export type AnyCancellation =
  | TimeoutCancellation
  | ManualCancellation
  | SignalCancellation
  | ConditionCancellation
  | ParentCancellation
  | OtherCancellation;

/** A cancellation as JSON. */
export interface CancellationJson {
  readonly name?: string;
  readonly reason: CancellationReason;
  readonly message: string;
  readonly code?: "ABORT_ERR";
  readonly operation?: { readonly id: string; readonly name?: string };
  readonly timeoutMs?: number;
  readonly signal?: string;
  readonly conditionName?: string;
  readonly parentId?: string;
  readonly parentReason?: CancellationReason;
}

setTag(TimeoutCancellation, "TimeoutCancellation");
setTag(ManualCancellation, "ManualCancellation");
setTag(SignalCancellation, "SignalCancellation");
setTag(ConditionCancellation, "ConditionCancellation");
setTag(ParentCancellation, "ParentCancellation");

/** The data of a cancellation besides reason and message. */
export interface CancellationDetail extends CancellationErrorOptions {
  readonly timeoutMs?: number;
  readonly signal?: string;
  readonly conditionName?: string;
  readonly parentId?: string;
  readonly parentReason?: CancellationReason;
  /** Whether `cause` is the reason of an `AbortSignal` that caused the cancellation. */
  readonly fromSignal?: boolean;
  /** The text of the deadline that has passed; empty if it has no text. For the message only. */
  readonly deadline?: string;
}

/** Creates the error for a reason, of the class that belongs to the reason. */
export function createCancellation(
  reason: CancellationReason,
  message?: string,
  detail?: CancellationDetail,
): AnyCancellation {
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
      return new CancellationError(reason, message, detail) as OtherCancellation; // of this very class
  }
}

/** Whether `value` is an error of this library: of any copy of the library, and of any realm. */
export function isCancellationError(value: unknown): value is AnyCancellation {
  try {
    return typeof value === "object" && value !== null && (value as { [brand]?: unknown })[brand] === true;
  } catch {
    return false;
  }
}
