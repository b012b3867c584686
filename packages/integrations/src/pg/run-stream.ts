import { followCursor } from "./follow-cursor.ts";
import { asError, followReadable, isReadable, type ReadableLike } from "./follow-readable.ts";
import { followWritable, isWritable, type WritableLike } from "./follow-writable.ts";
import { type CursorLike, isCursor } from "./portal.ts";
import type { RawClient, RawStatement } from "./raw-client.ts";
import { isStatement, type RunOptions } from "./run-on-client.ts";
import { runOf, StreamRun } from "./stream-run.ts";

/** Whether `value` is a statement that its user reads or writes in parts. */
export function isStream(value: unknown): value is CursorLike | ReadableLike | WritableLike {
  return isStatement(value) && (isCursor(value) || isReadable(value) || isWritable(value));
}

/**
 * Gives a statement with a `submit` method to the client: a cursor, a query stream, a stream of `COPY`, or another one. The
 * statement tells its user itself how it has ended.
 */
export function runStream(client: RawClient, statement: RawStatement, options: RunOptions): void {
  // No code reads or ends a stream that was destroyed before.
  if ((statement as Partial<ReadableLike>).destroyed) return;
  if (isCursor(statement)) followCursor(client, statement, options);
  else if (isWritable(statement)) followWritable(client, statement, options);
  else if (isReadable(statement)) followReadable(client, statement, options);
  else {
    const part = { isFinishing: true, stop: () => false, fail: () => {} };
    new StreamRun("a statement of pg", part, client, statement, options);
  }
}

/** As {@link runStream}, and waits for the end of the statement. */
export async function streamOnClient(
  client: RawClient,
  statement: RawStatement,
  options: RunOptions,
): Promise<void> {
  runStream(client, statement, options);
  await runOf(statement)?.result;
}

/** Gives the user of a stream the error for which the stream got no client. Does nothing for other statements. */
export function failStream(statement: unknown, error: unknown): void {
  if (!isStream(statement)) return;
  if (isCursor(statement))
    statement.handleError(error, undefined as never); // it was not sent, and has no connection
  else statement.destroy(asError(error));
}
