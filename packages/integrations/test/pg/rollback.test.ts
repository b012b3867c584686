import { Cancellable } from "@hother/cancelable";
import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { cancellablePool } from "../../src/pg/index.ts";
import { startPostgres } from "../servers/postgres.ts";

const server = await startPostgres();

describe.skipIf(server === undefined)("a transaction of code that knows nothing of this library", () => {
  const { connectionString } = server as NonNullable<typeof server>;
  const plain = new pg.Pool({ connectionString, max: 2 });
  const pool = cancellablePool(plain);
  const view = new pg.Client({ connectionString });

  beforeAll(async () => {
    await view.connect();
    await view.query("create table orders (id int)");
  });
  beforeEach(() => view.query("truncate orders"));
  afterAll(async () => {
    await view.end();
    await plain.end();
    await server?.stop();
  });

  /** The number of open transactions, and of stored orders. */
  const left = async (): Promise<number[]> => {
    const { rows } = await view.query(
      "select (select count(*)::int from pg_stat_activity where state like 'idle in transaction%') as open, (select count(*)::int from orders) as orders",
    );
    return [rows[0].open, rows[0].orders];
  };

  test("is rolled back in a cancelled scope, because ROLLBACK is always sent", async () => {
    const op = new Cancellable();
    const { status } = await op.settle(async () => {
      const client = await pool.connect();
      try {
        await client.query("BEGIN");
        await client.query("insert into orders values (1)");
        op.cancel();
        await client.query("insert into orders values (2)");
        await client.query("COMMIT");
      } catch (error) {
        await client.query("ROLLBACK");
        throw error;
      } finally {
        client.release();
      }
    });
    expect(status).toBe("cancelled");
    expect(await left()).toEqual([0, 0]);
    expect(plain.idleCount).toBe(plain.totalCount);
  });

  test("goes back to its savepoint in a cancelled scope, with a callback as well", async () => {
    const client = await pool.connect();
    await client.query("BEGIN; insert into orders values (1); SAVEPOINT before");
    const op = new Cancellable();
    await op.settle(async () => {
      await client.query("insert into orders values (2)");
      op.cancel();
      await new Promise<void>((resolve, reject) => {
        client.query({ text: " rollback to savepoint before" }, (error) =>
          error ? reject(error) : resolve(),
        );
      });
    });
    await client.query("COMMIT");
    client.release();
    expect(await left()).toEqual([0, 1]);
  });

  test("is rolled back by drizzle on a wrapped pool, without cancellableDrizzle", async () => {
    const db = drizzle(pool);
    const op = new Cancellable();
    const { status } = await op.settle(() =>
      db.transaction(async (tx) => {
        await tx.execute(sql`insert into orders values (1)`);
        op.cancel();
        await tx.execute(sql`select 1`);
      }),
    );
    expect(status).toBe("cancelled");
    expect(await left()).toEqual([0, 0]);
  });
});
