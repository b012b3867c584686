import {
  Cancellable,
  CancelScope,
  failAfter,
  isCancellation,
  type Outcome,
  shield,
  sleep,
} from "@hother/cancelable";
import { eq, sql } from "drizzle-orm";
import { drizzle as drizzleMysql } from "drizzle-orm/mysql2";
import { drizzle } from "drizzle-orm/node-postgres";
import { integer, pgTable, text } from "drizzle-orm/pg-core";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import {
  cancellableDrizzle,
  StatementNotSentError,
  TransactionAbortedError,
} from "../../src/drizzle/index.ts";
import { cancellablePool, withTransaction } from "../../src/pg/index.ts";
import { openServerView, type ServerView } from "../pg/server-view.ts";
import { startPostgres } from "../servers/postgres.ts";

const server = await startPostgres({ logStatements: true });
const accounts = pgTable("accounts", { id: integer().primaryKey(), owner: text().notNull() });

describe.skipIf(server === undefined)("cancellableDrizzle(db)", () => {
  const { connectionString } = server as NonNullable<typeof server>;
  const pool = new pg.Pool({ connectionString, max: 3 });
  const db = cancellableDrizzle(drizzle(pool, { schema: { accounts } }));
  let view: ServerView;

  beforeAll(async () => {
    view = await openServerView(connectionString);
    await pool.query("create table accounts (id int primary key, owner text not null)");
  });
  beforeEach(() => pool.query("truncate accounts"));
  afterAll(async () => {
    await view.close();
    await pool.end();
    await server?.stop();
  });

  /** Waits on the server, in a query of the builder. */
  const slow = (tag: string) =>
    db
      .select({ id: accounts.id })
      .from(accounts)
      .where(sql`pg_sleep(30) is not null and ${tag}::text = ${sql.raw(`'${tag}'`)}`);

  const errorOf = (outcome: Outcome<unknown>): unknown =>
    outcome.status === "completed" ? undefined : outcome.error;

  beforeEach(() => pool.query("insert into accounts values (1, 'Ann')"));

  test.each([
    ["a select", "one", () => slow("one")],
    ["a prepared select", "two", () => slow("two").prepare("slow").execute()],
    [
      "a relational query",
      "three",
      () => db.query.accounts.findMany({ where: sql`pg_sleep(30) is not null and 'three' = 'three'` }),
    ],
    ["execute", "four", () => db.execute(sql`select pg_sleep(30), 'four'`)],
    [
      "an update",
      "five",
      () =>
        db.update(accounts).set({ owner: "five" }).where(sql`pg_sleep(30) is not null and 'five' = 'five'`),
    ],
    ["a count", "six", () => db.$count(accounts, sql`pg_sleep(30) is not null and 'six' = 'six'`)],
  ] as ReadonlyArray<readonly [string, string, () => PromiseLike<unknown>]>)(
    "%s is gone from the server when it rejects with the cancellation itself (PG-21)",
    async (_, tag, query) => {
      const { op, status, error, left } = await view.cancelWhenRunning(tag, query);
      expect(status).toBe("cancelled");
      expect(isCancellation(error, { reason: "quota" })).toBe(true);
      expect(isCancellation(error, op.token)).toBe(true);
      expect(error).toMatchObject({ cause: { code: "57014" } });
      expect(left).toBe(0);
      expect(await db.select().from(accounts)).toEqual([{ id: 1, owner: "Ann" }]);
      expect([pool.totalCount - pool.idleCount, pool.waitingCount]).toEqual([0, 0]);
    },
  );

  test("the error of a query in a scope of its own is the cancellation, and not the error of drizzle around it (PG-21)", async () => {
    const error = await failAfter(50, () => db.execute(sql`select pg_sleep(30)`)).catch(
      (reason: unknown) => reason,
    );
    expect(isCancellation(error, { reason: "timeout" })).toBe(true);
  });

  test("other errors stay those of drizzle", async () => {
    const error = await failAfter(60_000, () => db.insert(accounts).values({ id: 1, owner: "Bob" })).catch(
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({
      message: expect.stringContaining("Failed query"),
      cause: { code: "23505" },
    });
  });

  test("nothing is sent in a cancelled scope, and a shield protects a query", async () => {
    const op = new Cancellable();
    await op.settle(async () => {
      op.cancel();
      const error = await db
        .select()
        .from(accounts)
        .where(eq(accounts.owner, "never"))
        .catch((reason: unknown) => reason);
      expect(error).toBe(op.token.error);
      await expect(db.transaction(async () => expect.unreachable())).rejects.toBe(op.token.error);
      expect(await shield(() => db.select().from(accounts))).toHaveLength(1);
    });
    expect(server?.statements().join()).not.toContain("never");
  });

  test("a query that waits for a connection rejects at once, and the error says that it was not sent", async () => {
    const small = new pg.Pool({ connectionString, max: 1 });
    const one = cancellableDrizzle(drizzle(small));
    const held = await small.connect();
    const scope = new CancelScope();
    const rejecting = scope.run(() => one.execute("select 1").catch((reason: unknown) => reason));
    await vi.waitFor(() => expect(small.waitingCount).toBe(1), { timeout: 10_000 });
    scope.cancel("quota");
    const error = await rejecting;
    expect(isCancellation(error, { reason: "quota" })).toBe(true);
    expect((error as Error).cause).toBeInstanceOf(StatementNotSentError);
    held.release();
    await one.execute("select 1");
    await small.end();
  });

  test("a transaction that is cancelled in a statement is rolled back before its promise settles (PG-21)", async () => {
    const { op, error, left } = await view.cancelWhenRunning("tx-statement", () =>
      db.transaction(async (tx) => {
        await tx.insert(accounts).values({ id: 2, owner: "Bob" });
        await tx.execute(sql`select pg_sleep(30), 'tx-statement'`);
      }),
    );
    expect(isCancellation(error)).toBe(true);
    expect(isCancellation(error, op.token)).toBe(true);
    expect([left, await view.inTransaction()]).toEqual([0, 0]);
    expect(await db.$count(accounts)).toBe(1);
    expect(pool.idleCount).toBe(pool.totalCount);
  });

  test("a transaction that is cancelled between its statements is rolled back before its promise settles", async () => {
    const op = new Cancellable();
    const outcome = await op.settle(() =>
      db.transaction(async (tx) => {
        await tx.insert(accounts).values({ id: 2, owner: "Bob" });
        op.cancel();
        await sleep(1);
      }),
    );
    expect(errorOf(outcome)).toBe(op.token.error);
    expect(await view.inTransaction()).toBe(0);
    expect(await db.$count(accounts)).toBe(1);
  });

  test("a transaction that is cancelled while it begins leaves no connection behind", async () => {
    const before = pool.totalCount;
    for (let run = 0; run < 20; run++) {
      const scope = new CancelScope();
      const ending = scope.run(() => db.transaction((tx) => tx.select().from(accounts)));
      for (let turn = 0; turn < run; turn++) await new Promise((resolve) => setImmediate(resolve));
      scope.cancel();
      await ending;
    }
    expect(await view.inTransaction()).toBe(0);
    // A connection that was not open yet when its call was cancelled arrives later.
    await vi.waitFor(() => expect(pool.idleCount).toBe(pool.totalCount), { timeout: 10_000 });
    expect(pool.totalCount).toBeGreaterThanOrEqual(Math.min(before, 1));
  });

  test("a cancelled transaction inside rolls back to its savepoint, and the outer one commits", async () => {
    await db.transaction(async (tx) => {
      await tx.insert(accounts).values({ id: 2, owner: "Bob" });
      const inner = new CancelScope();
      await inner.run(() =>
        tx.transaction(async (nested) => {
          await nested.insert(accounts).values({ id: 3, owner: "Cy" });
          inner.cancel();
          await nested.select().from(accounts);
        }),
      );
      expect(inner.cancelledCaught).toBe(true);
      await tx.transaction((nested) => nested.insert(accounts).values({ id: 4, owner: "Di" }));
    });
    expect((await db.select({ id: accounts.id }).from(accounts)).map(({ id }) => id)).toEqual([1, 2, 4]);
  });

  test("transactions keep their options, their rollback and their value", async () => {
    const value = await db.transaction(
      async (tx) => {
        const { rows } = await tx.execute(
          sql`select current_setting('transaction_isolation') as level, current_setting('transaction_read_only') as ro, current_setting('transaction_deferrable') as later`,
        );
        return rows[0];
      },
      { isolationLevel: "serializable", accessMode: "read only", deferrable: true },
    );
    expect(value).toEqual({ level: "serializable", ro: "on", later: "on" });
    const undone = db.transaction(async (tx) => {
      await tx.insert(accounts).values({ id: 2, owner: "Bob" });
      tx.rollback();
    });
    await expect(undone).rejects.toThrow("Rollback");
    expect(await db.$count(accounts)).toBe(1);
  });

  test("a transaction whose failed statement the body hides is an error, because the server has stored nothing", async () => {
    const hidden = db.transaction(async (tx) => {
      await tx
        .insert(accounts)
        .values({ id: 1, owner: "again" })
        .catch(() => {});
    });
    await expect(hidden).rejects.toThrow(TransactionAbortedError);
  });

  test("takes a wrapped pool, a client, and the client of a transaction", async () => {
    const wrapped = cancellablePool(pool);
    expect(cancellableDrizzle(drizzle(wrapped)).$client).toBe(wrapped);
    const client = new pg.Client({ connectionString });
    await client.connect();
    const single = cancellableDrizzle(drizzle(client));
    const timeout = failAfter(20, () => single.transaction((tx) => tx.execute("select pg_sleep(30)")));
    await expect(timeout).rejects.toMatchObject({ reason: "timeout" });
    expect(await single.$count(accounts)).toBe(1);
    await client.end();
    await withTransaction(pool, async (inside) => {
      const tx = cancellableDrizzle(drizzle(inside));
      await tx.insert(accounts).values({ id: 2, owner: "Bob" });
    });
    expect(await db.$count(accounts)).toBe(2);
  });

  test("refuses wrong arguments", () => {
    const wrong = (value: unknown): never => value as never;
    expect(() => cancellableDrizzle(wrong({}))).toThrow(
      "db must be a database of drizzle-orm/node-postgres; got {}",
    );
    expect(() => cancellableDrizzle(wrong(drizzleMysql.mock()))).toThrow(
      "db must be a database of drizzle-orm/node-postgres",
    );
    expect(() => cancellableDrizzle(db)).toThrow(
      "db must be a database that cancellableDrizzle has not got before",
    );
    expect(() => cancellableDrizzle(drizzle(pool), wrong({ cancelTimout: 1 }))).toThrow("cancelTimout");
    expect(() => cancellableDrizzle(drizzle(pool), { cancelTimeout: 0 })).toThrow(RangeError);
    expect(() => cancellableDrizzle(wrong(drizzle.mock()))).toThrow(TypeError);
  });
});
