import { shield } from "@hother/cancelable";
import { lineOf } from "./client-line.ts";
import { connectClient } from "./connect-client.ts";
import { overriding } from "./overriding.ts";
import { type RawClient, watchTransactionStatus } from "./raw-client.ts";
import {
  isStatement,
  type QueryArguments,
  type RunOptions,
  resultOnClient,
  settleInto,
  toStatement,
} from "./run-on-client.ts";
import { runStream } from "./run-stream.ts";
import { finishStreams } from "./stream-run.ts";

const rawClients = new WeakMap<object, RawClient>();
const wrappers = new WeakMap<RawClient, WeakMap<RunOptions, RawClient>>();

/** The client without its wrapper. */
export function unwrapClient(client: RawClient): RawClient {
  return rawClients.get(client) ?? client;
}

/** Whether `value` is a wrapper that this module made. */
export function isWrappedClient(value: object): boolean {
  return rawClients.has(value);
}

/** Wraps a client. With the same `options`, a client has the same wrapper each time that a pool gives it out. */
export function wrapClient(client: RawClient, options: RunOptions): RawClient {
  let byOptions = wrappers.get(client);
  if (byOptions === undefined) wrappers.set(client, (byOptions = new WeakMap()));
  const known = byOptions.get(options);
  if (known !== undefined) return known;
  watchTransactionStatus(client);
  const wrapped: RawClient = overriding<RawClient>(client, {
    query: (...args: QueryArguments) => queryOnClient(client, args, options),
    connect: (callback?: (error: unknown, client?: RawClient) => void) => {
      const connected = connectClient(client).then(() => wrapped);
      return callback === undefined ? connected : settleInto(connected, callback);
    },
    release: (error?: Error | boolean) => releaseWhenFree(client, error),
  });
  byOptions.set(options, wrapped);
  rawClients.set(wrapped, client);
  return wrapped;
}

function queryOnClient(client: RawClient, args: QueryArguments, options: RunOptions): unknown {
  const { statement, callback } = toStatement(client, args);
  if (isStatement(args[0])) {
    runStream(client, statement, options);
    return statement;
  }
  const run = (): Promise<unknown> => resultOnClient(client, statement, options);
  const result = isRollback(args[0]) ? shield(run, { timeout: rollbackTimeout }) : run();
  return callback === undefined ? result : settleInto(result, callback);
}

/** The longest time in ms for a rollback. After it the statement is cancelled like others. */
const rollbackTimeout = 5_000;

/**
 * Whether a statement undoes a transaction. No cancellation keeps it from the server: code that knows nothing of this library, such
 * as a query builder, sends it in the cancelled scope and then gives the client back.
 */
function isRollback(config: unknown): boolean {
  const text =
    typeof config === "string" ? config : (config as { readonly text?: unknown } | undefined)?.text;
  return typeof text === "string" && /^\s*(?:rollback|abort)\b/i.test(text);
}

/** The functions of the pool that were called, or that will be called when their client is free. */
const released = new WeakSet<object>();

/** Gives the client back when the statement that it runs, and the cancel request for it, have ended. */
function releaseWhenFree(client: RawClient, error: Error | boolean | undefined): void {
  // Each time that the pool gives the client out, it has a new function. This one belongs to the caller.
  const { release } = client;
  if (release === undefined || released.has(release))
    throw new Error("Release called on client which has already been released to the pool.");
  released.add(release);
  finishStreams(client);
  lineOf(client).onceFree(() => release(error));
}
