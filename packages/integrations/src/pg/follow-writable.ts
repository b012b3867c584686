import type { Writable } from "node:stream";
import { CancellationError } from "@hother/cancelable";
import { asError } from "./follow-readable.ts";
import type { RawClient, RawStatement } from "./raw-client.ts";
import type { RunOptions } from "./run-on-client.ts";
import { type StreamPart, StreamRun } from "./stream-run.ts";

/** A stream of `from` of `pg-copy-streams`. */
export type WritableLike = Writable & RawStatement;

export function isWritable(statement: object): statement is WritableLike {
  const { _write, end, _destroy } = statement as Partial<WritableLike>;
  return typeof _write === "function" && typeof end === "function" && typeof _destroy === "function";
}

/**
 * Gives a `COPY FROM` to the client. A stream that is destroyed before its end makes the server store nothing, and closes when
 * the client is free. After `end()` the server has all rows, and says whether it has stored them.
 */
export function followWritable(client: RawClient, stream: WritableLike, options: RunOptions): void {
  const { handleError, handleReadyForQuery } = stream;
  const { _destroy: destroy, _final: end } = stream;
  /** Whether the server has, or gets in any case, the message that these were all rows. */
  let isWhole = false;
  let hasEnded = false;
  const part: StreamPart = {
    get isFinishing() {
      return stream.writableEnded && !stream.destroyed;
    },
    stop: (error) => {
      if (!isWhole) stream.destroy(error);
      return false; // the server answers with an error
    },
    fail: (error) => void stream.destroy(asError(error)),
  };
  Object.assign(stream, {
    handleReadyForQuery: (...args: Parameters<typeof handleReadyForQuery>) => {
      hasEnded = true;
      handleReadyForQuery.apply(stream, args);
    },
    handleError: (...args: Parameters<typeof handleError>) => {
      hasEnded = true;
      // pg-copy-streams would only emit the error of a stream that is open.
      if (stream.destroyed) handleError.apply(stream, args);
      else stream.destroy(asError(args[0]));
    },
    _final(done: (error?: Error | null) => void) {
      isWhole = true;
      end.call(stream, done);
    },
    _destroy(error: Error | null, done: (error?: Error | null) => void) {
      if (hasEnded) return done(error);
      run.close(error ?? new CancellationError("manual", "the stream was destroyed"));
      const close = (failure?: Error | null): void => void run.over.then(() => done(failure));
      // A server that waits for rows looks at no request. pg-copy-streams tells it that there are no more.
      if (isWhole) close(error);
      else destroy.call(stream, error, close);
    },
  });
  const run = new StreamRun("a COPY FROM of pg", part, client, stream, options);
}
