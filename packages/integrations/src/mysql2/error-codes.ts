/** `KILL QUERY` has stopped the statement. */
const queryInterrupted = 1317;
/** `KILL` of a connection that has gone. */
export const noSuchThread = 1094;
/** A deadlock, a lock that was not free in time, and a row that another transaction has changed since the snapshot. */
const transient: readonly number[] = [1213, 1205, 1020];

/** The number of an error of the server. 0 for other errors. */
export function errnoOf(error: unknown): number {
  const { errno } = (error ?? {}) as { readonly errno?: unknown };
  return typeof errno === "number" && errno > 0 ? errno : 0;
}

/** Whether the server has answered with this error, so that the connection is usable. */
export function isAnswer(error: unknown): boolean {
  return errnoOf(error) > 0 && (error as { readonly fatal?: unknown }).fatal !== true;
}

export function isInterrupted(error: unknown): boolean {
  return errnoOf(error) === queryInterrupted;
}

/** Whether the client has stopped waiting for a statement, which the server still runs. */
export function isClientTimeout(error: unknown): boolean {
  return (error as { readonly code?: unknown } | null)?.code === "PROTOCOL_SEQUENCE_TIMEOUT";
}

/** An error like that of mysql2 for a connection that has ended. */
export function connectionLost(message: string, cause?: unknown): Error {
  const error = new Error(message, cause === undefined ? undefined : { cause });
  return Object.assign(error, { code: "PROTOCOL_CONNECTION_LOST", fatal: true });
}

/** Whether the transaction can succeed when it is run again. An error can be wrapped by a query builder. */
export function isTransient(error: unknown): boolean {
  const seen = new Set<unknown>();
  for (let link = error; typeof link === "object" && link !== null && !seen.has(link); ) {
    if (transient.includes(errnoOf(link))) return true;
    seen.add(link);
    link = (link as { readonly cause?: unknown }).cause;
  }
  return false;
}

/** Whether the server has stopped the statement at `max_statement_time`. */
export function isStatementTimeout(error: unknown): boolean {
  return errnoOf(error) === 1969;
}
