import { currentScope } from "@hother/cancelable";
import { cancelledStatement } from "../database/cancelled-statement.ts";
import { runStatement } from "../database/run-statement.ts";
import { cancellationNearDeadline } from "../scope/near-deadline.ts";
import { lineOf } from "./client-line.ts";
import { ClientStatement, isStopped, type StatementHooks } from "./client-statement.ts";
import { queryClass, type RawClient, type RawQuery, type RawStatement } from "./raw-client.ts";
import { sendDeadline } from "./server-deadline.ts";

export type QueryCallback = (error: unknown, result?: unknown) => void;

/** The arguments of `query` of a client or a pool. */
export type QueryArguments = readonly unknown[];

/** How a wrapper runs its statements. */
export interface RunOptions {
  /** In ms. */
  readonly cancelTimeout: number;
  /** Whether the server gets the ambient deadline as the limit of the statement. Default: false. */
  readonly serverDeadline?: boolean;
}

/**
 * Runs a statement on a client in the ambient scope. The promise settles when the statement and its cancel requests have ended.
 * The statement itself is told after that, with its `callback` or with its events, as by pg.
 */
export async function runOnClient(
  client: RawClient,
  statement: RawStatement,
  { cancelTimeout, serverDeadline }: RunOptions,
  hooks?: StatementHooks,
): Promise<void> {
  const running = new ClientStatement(client, statement, cancelTimeout, hooks);
  try {
    currentScope().check();
    const line = lineOf(client);
    if (!line.tryEnter()) await line.enter();
    try {
      if (serverDeadline && statement instanceof queryClass(client))
        running.hasServerDeadline = sendDeadline(client, statement as unknown as RawQuery); // a query of pg
      await runStatement(running, cancelTimeout);
    } finally {
      line.leave();
    }
  } catch (failure) {
    const error = running.hasServerDeadline && isStopped(failure) ? await atDeadline(failure) : failure;
    running.deliver(error);
    throw error;
  }
  running.deliver();
}

/** The error of a statement that the server has stopped, perhaps because of the deadline. */
async function atDeadline(error: Error): Promise<Error> {
  const reason = await cancellationNearDeadline(currentScope());
  return reason === undefined ? error : cancelledStatement(reason, error);
}

/** As {@link runOnClient}, for a statement without a callback. Resolves with the result of the statement. */
export async function resultOnClient(
  client: RawClient,
  statement: RawStatement,
  options: RunOptions,
): Promise<unknown> {
  const result = new Promise<unknown>((resolve, reject) => {
    statement.callback = (error, value) => (error ? reject(error) : resolve(value));
  });
  result.catch(() => {}); // thrown below
  await runOnClient(client, statement, options);
  return result;
}

export function isStatement(config: unknown): config is RawStatement {
  return typeof (config as Partial<RawStatement> | null | undefined)?.submit === "function";
}

/** The statement that the arguments of `query` describe, and the callback for its result, if there is one. */
export function toStatement(
  client: RawClient,
  [config, values, callback]: QueryArguments,
): { readonly statement: RawStatement; readonly callback: QueryCallback | undefined } {
  if (config === null || config === undefined)
    throw new TypeError("Client was passed a null or undefined query");
  let statement: RawStatement;
  if (isStatement(config)) {
    statement = config;
    if (!config.callback)
      config.callback = (typeof values === "function" ? values : callback) as QueryCallback | undefined;
  } else {
    // The arguments are those of the user.
    const made: unknown = Reflect.construct(queryClass(client), [config, values, callback]);
    statement = made as RawStatement;
    const { query_timeout } = config as { readonly query_timeout?: number };
    if (query_timeout !== undefined) statement.query_timeout = query_timeout;
  }
  const own = statement.callback;
  if (own !== undefined && typeof own !== "function") throw new TypeError("callback is not a function");
  return { statement, callback: own };
}

/** Calls `callback` with what `work` settles with. An error of the callback has no caller, as in pg. */
export function settleInto<T>(work: Promise<T>, callback: (error: unknown, value?: T) => void): void {
  work.then(
    (value) => process.nextTick(callback, null, value),
    (error: unknown) => process.nextTick(callback, error),
  );
}
