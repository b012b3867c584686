import { CancellationError, currentScope } from "@hother/cancelable";
import { type CursorLike, Portal, type ReadCallback, type Rows } from "./portal.ts";
import type { RawClient } from "./raw-client.ts";
import type { RunOptions } from "./run-on-client.ts";
import { StreamRun } from "./stream-run.ts";

/** Gives a cursor to the client. Its reads belong to the scope in which they are called. */
export function followCursor(client: RawClient, cursor: CursorLike, options: RunOptions): void {
  const portal = new Portal(cursor);
  cursor.handleError = (error, connection) => portal.handleError(error, connection);
  const part = {
    isFinishing: false,
    stop: () => portal.closeIfIdle(),
    closeGently: () => portal.close(),
    afterError: () => portal.afterError(),
    fail: () => {}, // the reads do
  };
  const run = new StreamRun("a cursor of pg", part, client, cursor, options);
  const readRows = async (count: number): Promise<{ rows: Rows; result: unknown }> => {
    currentScope().check();
    await run.requireRunning();
    const unfollow = run.followScope();
    try {
      return await new Promise((resolve, reject) => {
        portal.read(count, (error, rows = [], result) => (error ? reject(error) : resolve({ rows, result })));
        run.result.catch(reject); // pg-cursor forgets a read when its cursor is closed
      });
    } finally {
      unfollow();
    }
  };
  const close = async (): Promise<void> => {
    if (!portal.closeIfIdle()) run.close(new CancellationError("manual", "the cursor was closed"));
    await run.over;
  };
  Object.assign(cursor, {
    read(count: number, callback?: ReadCallback) {
      const reading = readRows(count);
      if (callback === undefined) return reading.then(({ rows }) => rows);
      reading.then(
        ({ rows, result }) => process.nextTick(callback, undefined, rows, result),
        (error: unknown) => process.nextTick(callback, error),
      );
    },
    close(callback?: (error?: unknown) => void) {
      const closing = close();
      if (callback === undefined) return closing;
      void closing.then(() => process.nextTick(callback));
    },
  });
}
