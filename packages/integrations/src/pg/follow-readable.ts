import type { Readable } from "node:stream";
import { CancellationError } from "@hother/cancelable";
import { isCursor, Portal } from "./portal.ts";
import type { RawClient, RawStatement } from "./raw-client.ts";
import type { RunOptions } from "./run-on-client.ts";
import { type StreamPart, StreamRun } from "./stream-run.ts";

/** A stream of `pg-query-stream`, or one of `to` of `pg-copy-streams`. */
export type ReadableLike = Readable & RawStatement & { readonly cursor?: object };

export function isReadable(statement: object): statement is ReadableLike {
  const { _read, pipe, _destroy } = statement as Partial<ReadableLike>;
  return typeof _read === "function" && typeof pipe === "function" && typeof _destroy === "function";
}

/**
 * Gives a readable stream to the client. A stream that is destroyed, also by the `break` of a loop, stops the server at once,
 * and closes when the client is free. A loop over the stream belongs to the scope of its first step.
 */
export function followReadable(client: RawClient, stream: ReadableLike, options: RunOptions): void {
  const portal = isCursor(stream.cursor) ? new Portal(stream.cursor) : undefined;
  stream.handleError = (error, connection) => {
    portal?.handleError(error, connection);
    // pg-copy-streams would only emit the error, and a loop over the stream would wait on.
    stream.destroy(asError(error));
  };
  const part: StreamPart = {
    get isFinishing() {
      return stream.readableEnded;
    },
    stop: () => (portal === undefined ? drain(stream) : portal.closeIfIdle()),
    // The rest of a COPY can be long.
    closeGently: () => portal?.close() ?? false,
    afterError: () => portal?.afterError(),
    fail: (error) => void stream.destroy(asError(error)),
  };
  const what = portal === undefined ? "a COPY TO of pg" : "a query stream of pg";
  const run = new StreamRun(what, part, client, stream, options);
  stream._destroy = (error, done) => {
    if (!stream.readableEnded)
      run.close(error ?? new CancellationError("manual", "the stream was destroyed"));
    void run.over.then(() => done(error));
  };
  const iterate = stream[Symbol.asyncIterator];
  stream[Symbol.asyncIterator] = () => follow(run, () => iterate.call(stream));
}

/** The loop runs in the scope of its first step, which runs the first line of this generator. */
async function* follow(run: StreamRun, iterate: () => AsyncIterable<unknown>): AsyncGenerator<unknown> {
  const unfollow = run.followScope();
  try {
    yield* iterate();
  } finally {
    unfollow();
  }
}

/** Reads on what the server sends, because a server that cannot send does not look at requests to stop. */
function drain(stream: ReadableLike): boolean {
  stream.push = () => true;
  stream._read(0);
  return true;
}

/** A stream takes only errors. */
export function asError(value: unknown): Error {
  return value instanceof Error ? value : new Error("the statement has failed", { cause: value });
}
