import { belongsTo, type CancellationError } from "../errors.ts";

/** The result of {@link withoutCancellation}: nothing, or an error to throw. */
export type Remainder = { readonly absorbed: true } | { readonly absorbed: false; readonly error: unknown };

const nothing: Remainder = { absorbed: true };

/**
 * Removes the errors that belong to the cancellation `own` from an error. An `AggregateError` keeps its nesting,
 * message and cause, and loses the errors that belong to `own`. If no other errors are in it, it is absorbed
 * completely (trio: filtering of exception groups).
 */
export function withoutCancellation(error: unknown, own: CancellationError): Remainder {
  try {
    return filter(error, own, new Set());
  } catch {
    // An error whose getters throw cannot be identified as a cancellation.
    return { absorbed: false, error };
  }
}

/** @param above The groups that contain the error. A group that contains itself is not changed. */
function filter(error: unknown, own: CancellationError, above: Set<unknown>): Remainder {
  if (!(error instanceof AggregateError)) return belongsTo(error, own) ? nothing : { absorbed: false, error };
  if (above.has(error)) return { absorbed: false, error };
  above.add(error);
  try {
    return filterGroup(error, own, above);
  } finally {
    above.delete(error);
  }
}

function filterGroup(group: AggregateError, own: CancellationError, above: Set<unknown>): Remainder {
  const left: unknown[] = [];
  let changed = false;
  for (const leaf of group.errors as unknown[]) {
    const rest = filter(leaf, own, above);
    if (rest.absorbed) changed = true;
    else {
      changed ||= rest.error !== leaf;
      left.push(rest.error);
    }
  }
  if (left.length === 0 && changed) return nothing;
  if (!changed) return { absorbed: false, error: group };
  const rebuilt = new AggregateError(
    left,
    group.message,
    "cause" in group ? { cause: group.cause } : undefined,
  );
  return { absorbed: false, error: rebuilt };
}
