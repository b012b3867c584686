import { UsageError } from "@hother/cancelable";
import type { Connection } from "mysql2/promise";
import type { TransactionGate } from "../database/transaction-connection.ts";
import type { RawConnection } from "./library.ts";
import { viewOf } from "./view.ts";

type Send = (...args: unknown[]) => Promise<unknown>;

/**
 * The connection for the body of a transaction, with promises. Its statements work until the transaction has ended, and the
 * transaction waits for them. The transaction gives the connection back, and the body cannot.
 */
export function transactionClient(view: RawConnection, gate: TransactionGate): Connection {
  const client = (view as unknown as { promise(): Connection }).promise();
  const methods = client as unknown as Record<"query" | "execute", Send>;
  const send =
    (name: "query" | "execute"): Send =>
    async (...args) => {
      gate.enter();
      return gate.own(methods[name].apply(client, args));
    };
  const refuse = (): never => {
    throw new UsageError(
      "ERR_BUSY",
      "The connection of a transaction",
      "the transaction gives it back at its end",
    );
  };
  return viewOf(client, {
    query: send("query"),
    execute: send("execute"),
    beginTransaction: refuse,
    changeUser: refuse,
    end: refuse,
    release: refuse,
    reset: refuse,
  });
}
