import { isCancellation } from "@hother/cancelable";
import type { TablesRelationalConfig } from "drizzle-orm";
import { type NodePgClient, NodePgSession, NodePgTransaction } from "drizzle-orm/node-postgres";
import type { Client, Pool } from "pg";
import { withTransaction } from "../pg/index.ts";

/** A session of any schema. */
type AnySession = NodePgSession<Record<string, unknown>, TablesRelationalConfig>;
type AnyTransaction = NodePgTransaction<Record<string, unknown>, TablesRelationalConfig>;
type Parts = ConstructorParameters<typeof NodePgSession<Record<string, unknown>, TablesRelationalConfig>>;
type Body = (tx: AnyTransaction) => Promise<unknown>;
type Transaction = (body: Body, config?: TransactionConfig) => Promise<unknown>;
type TransactionConfig = Parameters<AnySession["transaction"]>[1];

/** The fields of a session, which the types of drizzle keep private. */
export interface SessionFields {
  client: NodePgClient;
  readonly dialect: Parts[1];
  readonly schema: Parts[2];
  readonly options: Parts[3];
  prepareQuery(...args: unknown[]): object;
  transaction: Transaction;
}

/**
 * Lets the queries of a session reject with the cancellation itself, and its transactions end as those of `withTransaction`.
 *
 * @param client The client or pool of the session, whose statements belong to the ambient scope.
 * @param depth How many transactions are around this session.
 */
export function bindSession(session: SessionFields, client: NodePgClient, depth = 0): void {
  const { prepareQuery } = session;
  session.client = client;
  session.prepareQuery = (...args) => bindQuery(prepareQuery.apply(session, args));
  session.transaction = (body, config) => runTransaction(session, client, depth, body, config);
}

/** Lets a query reject with the cancellation that drizzle has made the cause of its own error. */
function bindQuery(query: object): object {
  const methods = query as Record<"execute" | "all", (...args: unknown[]) => Promise<unknown>>; // of a prepared query
  for (const name of ["execute", "all"] as const) {
    const run = methods[name];
    methods[name] = async (...args) => {
      try {
        return await run.apply(query, args);
      } catch (error) {
        const { cause } = (error ?? {}) as { readonly cause?: unknown };
        throw isCancellation(cause) ? cause : error;
      }
    };
  }
  return query;
}

function runTransaction(
  { dialect, schema, options }: SessionFields,
  on: NodePgClient,
  depth: number,
  body: Body,
  config: TransactionConfig,
): Promise<unknown> {
  const { isolationLevel, accessMode, deferrable } = config ?? {};
  return withTransaction(
    on as Pool | Client, // a client of a pool is a client
    async (client) => {
      const session = new NodePgSession(client, dialect, schema, options);
      bindSession(session as unknown as SessionFields, client, depth + 1); // its fields
      const tx = new NodePgTransaction(dialect, session, schema, depth);
      const nested = session as unknown as SessionFields; // its fields
      // That of drizzle sends its savepoints in the scope of the caller, and thus none after a cancellation.
      Object.assign(tx, { transaction: (inner: Body) => nested.transaction(inner) });
      if (deferrable !== undefined) await tx.setTransaction({ deferrable });
      return body(tx);
    },
    depth === 0
      ? {
          attempts: 1, // drizzle calls a body once
          isolation: isolationLevel,
          ...(accessMode && { readOnly: accessMode === "read only" }),
        }
      : undefined,
  );
}
