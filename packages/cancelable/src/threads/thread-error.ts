/*
 * Errors between threads. A structured clone loses the class, the fields and, on some hosts, the cause of an error, so
 * errors have a form of their own.
 */

import { show } from "../arguments.ts";
import { CancellationError, type CancellationJson, isCancellationError } from "../errors.ts";
import type { ThreadLimits } from "./pool.ts";

/** A thread ended before its call did: the call exited or needed more memory than the thread has, or an error outside of the call ended the thread. */
export class ThreadEndedError extends Error {
  /** The name of the call. */
  readonly call: string;
  /** The exit code, if the host tells it. */
  readonly exitCode: number | undefined;
  /** The code of the cause, such as `ERR_WORKER_OUT_OF_MEMORY`. */
  readonly code: string | undefined;
  /** The limits of the thread, if the code is `ERR_WORKER_OUT_OF_MEMORY` and the pool has limits. */
  readonly resourceLimits: ThreadLimits | undefined;

  constructor(call: string, cause: unknown, limits?: ThreadLimits) {
    const text = cause instanceof Error ? cause.message : String(cause);
    super(`the thread of the call "${call}" ended before the call did: ${text}`, { cause });
    this.name = "ThreadEndedError";
    this.call = call;
    const exitCode = /exited with code: (\d+)/.exec(text)?.[1];
    this.exitCode = exitCode === undefined ? undefined : Number(exitCode);
    const { code } = Object(cause) as { readonly code?: unknown };
    this.code = typeof code === "string" ? code : undefined;
    this.resourceLimits = code === "ERR_WORKER_OUT_OF_MEMORY" ? limits : undefined;
  }
}

/** The form of a thrown value that survives a structured clone. */
export type EncodedError =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "cancellation"; readonly json: CancellationJson; readonly stack: string | undefined }
  | {
      readonly kind: "error";
      readonly name: string;
      readonly message: string;
      readonly stack: string | undefined;
      readonly className: string;
      readonly fields: Readonly<Record<string, unknown>>;
      readonly cause: EncodedError | undefined;
      readonly errors: readonly EncodedError[] | undefined;
    };

/** Causes below this depth are left out. */
const maxDepth = 16;

export function encodeError(error: unknown, depth = 0): EncodedError {
  if (!(error instanceof Error)) return { kind: "value", value: isCloneable(error) ? error : show(error) };
  const { name, message, stack, cause } = error;
  if (isCancellationError(error)) return { kind: "cancellation", json: error.toJSON(), stack };
  const { errors } = error as { readonly errors?: unknown };
  const isDeep = depth >= maxDepth;
  return {
    kind: "error",
    name,
    message,
    stack,
    className: error.constructor.name,
    fields: fieldsOf(error),
    cause: cause === undefined || isDeep ? undefined : encodeError(cause, depth + 1),
    errors: Array.isArray(errors) && !isDeep ? errors.map((one) => encodeError(one, depth + 1)) : undefined,
  };
}

const own = ["name", "message", "stack", "cause", "errors"];

/** The enumerable fields of an error that can be cloned, such as `code`. */
function fieldsOf(error: Error): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(error))
    if (!own.includes(key) && isCloneable(value)) fields[key] = value;
  return fields;
}

function isCloneable(value: unknown): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}

const builtIn: Readonly<Record<string, new (message: string) => Error>> = {
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

export function decodeError(encoded: EncodedError): unknown {
  if (encoded.kind === "value") return encoded.value;
  if (encoded.kind === "cancellation") {
    const error = CancellationError.from(encoded.json);
    return Object.assign(error, { stack: encoded.stack });
  }
  const { name, message, stack, className, fields, cause, errors } = encoded;
  const error =
    className === "DOMException"
      ? new DOMException(message, name)
      : errors !== undefined
        ? new AggregateError(errors.map(decodeError), message)
        : new (builtIn[className] ?? Error)(message);
  const hidden = { stack, ...(cause === undefined ? {} : { cause: decodeError(cause) }) };
  for (const [key, value] of Object.entries(hidden))
    Object.defineProperty(error, key, { value, writable: true, configurable: true });
  if (error.name !== name) Object.defineProperty(error, "name", { value: name, configurable: true });
  if (className !== "DOMException") Object.assign(error, fields);
  return error;
}

/** The error for a value that cannot be sent to another thread. It names the part that is the cause. */
export function uncloneable(argument: string, value: unknown, cause: unknown): TypeError {
  const { path, part } = culprit(argument, value);
  return Object.assign(
    new TypeError(`${path} cannot be sent to another thread; got ${show(part)}`, { cause }),
    { code: "ERR_UNCLONEABLE" },
  );
}

function culprit(path: string, value: unknown): { readonly path: string; readonly part: unknown } {
  let found = { path, part: value };
  const seen = new Set<unknown>();
  for (;;) {
    const { part } = found;
    if (typeof part !== "object" || part === null || seen.has(part)) return found;
    seen.add(part);
    const inner = Object.entries(part).find(([, one]) => !isCloneable(one));
    if (inner === undefined) return found;
    const [key, one] = inner;
    found = { path: Array.isArray(part) ? `${found.path}[${key}]` : `${found.path}.${key}`, part: one };
  }
}
