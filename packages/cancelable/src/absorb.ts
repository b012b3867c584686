import { CancellationError, isCancellationError } from "./errors.ts";

/** The result of {@link withoutCancellation}: nothing, or an error to throw. */
export type Remainder = { readonly absorbed: true } | { readonly absorbed: false; readonly error: unknown };

/** Nothing is left of an error. */
const gone = Symbol("gone");
/** The error contains itself, and this is the inner occurrence. */
const repeated = Symbol("repeated");

/** An error that contains others, while its parts are examined. */
interface Frame {
  readonly error: object;
  readonly parts: readonly unknown[];
  /** Whether the only part is the cause of `error`, or a cause of its cause. */
  readonly isCause: boolean;
  readonly left: unknown[];
}

const nothing: Remainder = { absorbed: true };

/**
 * Removes the errors that belong to the cancellation `own` from an error (rule 4). An `AggregateError` keeps its
 * nesting, message and cause, and loses the errors that belong to `own`. Of a `SuppressedError` the half that does not
 * belong to `own` is left. If no other errors are in it, the error is absorbed completely (trio: filtering of exception
 * groups).
 *
 * Without recursion, because an error can be nested deeper than the stack. Safe against cycles and getters that throw.
 */
export function withoutCancellation(error: unknown, own: CancellationError): Remainder {
  if (error === own) return nothing;
  try {
    const left = remainder(error, own);
    return left === gone ? nothing : { absorbed: false, error: left };
  } catch {
    // An error whose getters throw cannot be identified as a cancellation.
    return { absorbed: false, error };
  }
}

/** Whether nothing is left of `error` without the cancellation `own`. */
export function belongsTo(error: unknown, own: CancellationError): boolean {
  return withoutCancellation(error, own).absorbed;
}

/** What is left of `root`, or {@link gone}. */
function remainder(root: unknown, own: CancellationError): unknown {
  const open: Frame[] = [];
  /** The remainders of the errors with parts. An error can occur at several places. */
  const known = new Map<unknown, unknown>();
  let error = root;
  for (;;) {
    let left: unknown;
    const entered = known.has(error) ? undefined : examine(error, own);
    if (entered === undefined) left = known.get(error);
    else if (typeof entered !== "object") left = entered === gone ? gone : error;
    else {
      known.set(error, repeated);
      open.push(entered);
      error = entered.parts[0];
      continue;
    }
    // Adds the remainder to the error around it, and leaves every error whose parts are all examined.
    let frame = open.at(-1);
    for (; frame !== undefined; frame = open.at(-1)) {
      frame.left.push(left);
      if (frame.left.length < frame.parts.length) break;
      open.pop();
      left = combine(frame);
      known.set(frame.error, left);
    }
    if (frame === undefined) return left;
    error = frame.parts[frame.left.length];
  }
}

/** Examines an error without its parts: {@link gone}, the parts, or `kept`. */
function examine(error: unknown, own: CancellationError): typeof gone | "kept" | Frame {
  const origin = CancellationError.originOf(own);
  if (error === own || error === origin) return gone;
  if (typeof error !== "object" || error === null) return "kept";
  const parts = partsOf(error);
  if (parts !== undefined) return { error, parts, isCause: false, left: [] };
  /** The cancellations in the chain of causes: errors of this library, and errors that are named like one. */
  const found = new Set<unknown>();
  let isForeign = true;
  const seen = new Set<object>();
  for (let link: unknown = error; typeof link === "object" && link !== null && !seen.has(link); ) {
    if (link === own || link === origin) return gone;
    seen.add(link);
    if (link !== error) {
      const inner = partsOf(link);
      if (inner !== undefined) return { error, parts: [link], isCause: true, left: [] };
    }
    const isOurs = isCancellationError(link);
    const name = nameOf(link);
    if (isOurs || name === "AbortError" || name === "TimeoutError") found.add(link);
    if (isOurs || name === "TimeoutError") isForeign = false;
    link = causeOf(link);
  }
  if (found.size === 0) return "kept";
  // The error can be older than `own`: the reason of a signal or the error of a token or a parent from which `own` came.
  if (hasOrigin(own, found)) return gone;
  return isForeign && found.has(error) ? gone : "kept";
}

/** Whether `own` came from one of `errors`. A failure that led to a cancellation is not a cancellation. */
function hasOrigin(own: CancellationError, errors: ReadonlySet<unknown>): boolean {
  const seen = new Set<unknown>();
  for (let link: unknown = own; !seen.has(link); link = causeOf(link)) {
    if (errors.has(link)) return true;
    if (!isCancellationError(link) || link.reason === "error") return false;
    seen.add(link);
  }
  return false;
}

/** The errors in an `AggregateError` or a `SuppressedError` of any realm, and of the code that `using` compiles to. */
export function partsOf(error: object): readonly unknown[] | undefined {
  try {
    const { name, errors } = error as { readonly name?: unknown; readonly errors?: unknown };
    if (error instanceof AggregateError || name === "AggregateError") {
      return Array.isArray(errors) && errors.length > 0 ? errors : undefined;
    }
    if (name !== "SuppressedError" || !("error" in error && "suppressed" in error)) return undefined;
    return [error.error, error.suppressed];
  } catch {
    return undefined;
  }
}

/** What is left of an error when its parts are examined. */
function combine({ error, parts, isCause, left }: Frame): unknown {
  const kept = left.filter((part) => part !== gone);
  if (kept.length === parts.length && kept.every((part, i) => part === repeated || part === parts[i])) {
    return error;
  }
  if (kept.every((part) => part === repeated)) return gone;
  if (isCause) return error;
  const rest = left.flatMap((part, i) => (part === gone ? [] : [part === repeated ? parts[i] : part]));
  if (nameOf(error) !== "SuppressedError") return rebuildGroup(error, rest);
  return rest.length === 1 ? rest[0] : rebuildSuppressed(error, rest);
}

function rebuildGroup(group: object, errors: unknown[]): AggregateError {
  const { message } = group as Error;
  return new AggregateError(errors, message, "cause" in group ? { cause: group.cause } : undefined);
}

/** Not the class `SuppressedError`, which Node 20 does not have. */
function rebuildSuppressed(before: object, [error, suppressed]: unknown[]): Error {
  return Object.assign(new Error((before as Error).message), { name: "SuppressedError", error, suppressed });
}

export function nameOf(error: object): unknown {
  try {
    return (error as { readonly name?: unknown }).name;
  } catch {
    return undefined;
  }
}

export function causeOf(error: unknown): unknown {
  try {
    return (error as { readonly cause?: unknown } | null | undefined)?.cause;
  } catch {
    return undefined;
  }
}
