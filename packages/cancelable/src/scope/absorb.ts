import { belongsTo, type CancellationError } from "../errors.ts";

/** What is left of an error when the cancellations that belong to `own` are taken out of it. */
export type Remainder = { readonly absorbed: true } | { readonly absorbed: false; readonly error: unknown };

const nothing: Remainder = { absorbed: true };

/**
 * Takes the cancellation `own` out of an error. Groups of errors lose their cancelled leaves and keep
 * their nesting, message and cause (trio: "exception group filtering"); a group of nothing else is absorbed whole.
 */
export function withoutCancellation(error: unknown, own: CancellationError): Remainder {
  try {
    return filter(error, own, new Set());
  } catch {
    // An error that throws when it is looked at is nobody's cancellation.
    return { absorbed: false, error };
  }
}

/** @param above The groups around the error: one that contains itself is left as it is. */
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
