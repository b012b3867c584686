import type { ConnectionOptions } from "node:tls";
import { invalidType } from "@hother/cancelable/extending";
import type { Client, Pool, PoolClient, Query } from "pg";

/** A client of pg that is not wrapped, with the properties that its types leave out. */
export type RawClient = Omit<Client, "ssl" | "connection"> & {
  readonly connection: Client["connection"] & RawConnection;
  /** The number of the backend and the key for its cancel requests. Null before the server has sent them. */
  readonly processID: number | null;
  readonly secretKey: number | null;
  readonly ssl: boolean | ConnectionOptions;
  readonly sslNegotiation?: string;
  /** Whether the server has ended the last statement, and the client can send the next one. */
  readonly readyForQuery: boolean;
  /** Of a client that a pool has given out. */
  readonly release?: PoolClient["release"];
};

/** A statement as pg sees it, for example a `Query` or a cursor. pg calls the methods while the statement runs. */
export interface RawStatement {
  /** Sends the statement. Returns an error if there is nothing that can be sent: the next statement then follows. */
  submit(connection: RawConnection): unknown;
  handleReadyForQuery(connection: RawConnection): void;
  handleError(error: unknown, connection: RawConnection): void;
  callback?: ((error: unknown, result?: unknown) => void) | undefined;
  query_timeout?: number;
}

/** The connection of a client, with what the types of pg leave out or have wrong. */
export interface RawConnection {
  /** The texts of the named statements that were sent, and that the server has not answered yet. */
  readonly submittedNamedStatements: Record<string, string>;
  parse(statement: { readonly text: string; readonly name: string; readonly types: readonly number[] }): void;
  bind(config: object): void;
  execute(config: object): void;
  sync(): void;
}

/** A statement that `client.query(text)` sends. */
export interface RawQuery extends RawStatement {
  readonly text?: string;
  /** How many rows come at a time. */
  readonly rows?: number;
  name?: string | undefined;
  queryMode?: string;
  handleDataRow(row: unknown): void;
  handleCommandComplete(message: unknown, connection: RawConnection): void;
}

/** The class of the statements that `client.query(text)` sends, of the same copy of pg as the client. */
export function queryClass(client: RawClient): typeof Query {
  return (client.constructor as unknown as { readonly Query: typeof Query }).Query; // pg documents it: `Client.Query`
}

export function requireClient(client: unknown): asserts client is RawClient {
  const { query, connection, constructor } = (client ?? {}) as Partial<RawClient>;
  const hasQueries = typeof (constructor as { readonly Query?: unknown } | undefined)?.Query === "function";
  if (typeof query !== "function" || !connection?.stream || !hasQueries)
    throw invalidType("client", "a Client of pg, and not one of pg-native", client);
}

export function requirePool(pool: unknown): asserts pool is Pool {
  const { query, connect, options } = (pool ?? {}) as Partial<Pool>;
  if (typeof query !== "function" || typeof connect !== "function" || typeof options !== "object")
    throw invalidType("pool", "a Pool of pg", pool);
}

/** Breaks the connection off without a farewell, because the server may not answer. A pool then drops the client. */
export function destroyClient(client: RawClient): void {
  // Marks the client as ending, so that it emits no error.
  client.end().catch(() => {}); // the client is of no use any more
  client.connection.stream.destroy();
}

/** Calls `then` when the server is ready for the next statement of the client, or when the connection has ended. */
export function whenReady(client: RawClient, then: () => void): void {
  const { connection } = client;
  if (client.readyForQuery || connection.stream.destroyed) return then();
  const end = (): void => {
    connection.off("readyForQuery", end).off("end", end);
    then();
  };
  connection.on("readyForQuery", end).on("end", end);
}

type TransactionStatus = ReturnType<RawClient["getTransactionStatus"]>;

/** The status of clients of versions of pg that do not keep it. */
const statuses = new WeakMap<RawClient, TransactionStatus>();

/** Notes the status of the client from now on, if pg does not (before 8.21). */
export function watchTransactionStatus(client: RawClient): void {
  if (client.getTransactionStatus !== undefined || statuses.has(client)) return;
  statuses.set(client, null);
  client.connection.on("readyForQuery", (message?: { readonly status: TransactionStatus }) => {
    statuses.set(client, message?.status ?? null);
  });
}

/** `I` outside of a transaction, `T` in one, `E` in one that has failed. Null before the first answer of the server. */
export function transactionStatus(client: RawClient): TransactionStatus {
  return client.getTransactionStatus === undefined
    ? (statuses.get(client) ?? null)
    : client.getTransactionStatus();
}
