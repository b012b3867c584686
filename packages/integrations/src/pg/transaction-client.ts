import { UsageError } from "@hother/cancelable";
import type { TransactionGate } from "../database/transaction-connection.ts";
import { overriding } from "./overriding.ts";
import type { RawClient } from "./raw-client.ts";
import { isStatement, type QueryArguments, type QueryCallback } from "./run-on-client.ts";
import { runOf } from "./stream-run.ts";

/**
 * The client for the body of a transaction. Its `query` works until the transaction has ended, and the transaction waits for
 * its statements. The transaction gives the connection back, and the body cannot.
 *
 * @param client The client with the wrapper of this module.
 */
export function transactionClient(client: RawClient, gate: TransactionGate): RawClient {
  const refuse = (): never => {
    throw new UsageError(
      "ERR_BUSY",
      "The connection of a transaction",
      "the transaction gives it back at its end",
    );
  };
  return overriding(client, {
    query: (...args: QueryArguments) => queryInTransaction(client, gate, args),
    connect: refuse,
    end: refuse,
    release: refuse,
  });
}

function queryInTransaction(client: RawClient, gate: TransactionGate, args: QueryArguments): unknown {
  const query = client.query as (...args: QueryArguments) => unknown;
  const [statement] = args;
  const last = args.at(-1);
  try {
    gate.enter();
  } catch (error) {
    // As pg tells that a client cannot be used.
    if (isStatement(statement)) process.nextTick(() => statement.handleError(error, client.connection));
    else if (typeof last === "function") process.nextTick(last as QueryCallback, error);
    else return Promise.reject(error);
    return isStatement(statement) ? statement : undefined;
  }
  if (isStatement(statement)) {
    query(...args);
    const run = runOf(statement);
    if (run !== undefined)
      gate
        .own(run.result, () => run.finish("its transaction has ended; read it to its end, or close it"))
        .catch(() => {}); // the statement tells its errors itself
    return statement;
  }
  if (typeof last !== "function") return gate.own(query(...args) as Promise<unknown>);
  const callback = last as QueryCallback;
  const ended = new Promise<unknown>((resolve, reject) => {
    query(...args.slice(0, -1), (error: unknown, result: unknown) => {
      if (error) reject(error);
      else resolve(result);
      callback(error, result);
    });
  });
  gate.own(ended).catch(() => {}); // the callback has it
}
