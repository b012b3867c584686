import { Cancellable, isCancellation, setReporter, shield, sleepForever } from "@hother/cancelable";
import mysql from "mysql2";
import promise, { type Pool } from "mysql2/promise";
import { afterAll, describe, expect, onTestFinished, test, vi } from "vitest";
import {
  CommitUnknownError,
  cancellableMysql2,
  TransactionAbortedError,
  withTransaction,
} from "../../src/mysql2/index.ts";
import { startMariaDb } from "../servers/mariadb.ts";
import { startProxy } from "../servers/proxy.ts";
import { observer, optionsOf, testPool } from "./kit.ts";

const server = await startMariaDb({ logStatements: true });

/** A lock wait that takes too long, after 1 s. */
const impatient = "set statement innodb_lock_wait_timeout=1 for";
afterAll(() => server?.stop());

/** A new table with the rows 1 and 2. */
async function table(name: string): Promise<() => Promise<unknown[]>> {
  const { rows } = await observer(server);
  await rows(`create or replace table ${name} (id int primary key, n int default 0) engine=innodb`);
  await rows(`insert into ${name} values (1, 0), (2, 0)`);
  return async () => (await rows(`select id, n from ${name} order by id`)).map(({ id, n }) => [id, n]);
}

/** The error of `body` in an operation, and the ids of the threads with a transaction when `body` has rejected. */
async function failureOf(
  op: Cancellable,
  body: () => Promise<unknown>,
): Promise<{ error: unknown; open: Record<string, unknown>[] }> {
  const { rows } = await observer(server);
  const result: { error: unknown; open: Record<string, unknown>[] } = { error: undefined, open: [] };
  await op.settle(async () => {
    try {
      await body();
    } catch (error) {
      result.error = error;
      result.open = await shield(() =>
        rows(
          "select trx_mysql_thread_id as id from information_schema.innodb_trx where trx_mysql_thread_id > 0",
        ),
      );
      throw error;
    }
  });
  return result;
}

describe.skipIf(server === undefined)("withTransaction of mysql2", () => {
  test("stores what the body did, and gives its value", async () => {
    const read = await table("stored");
    const pool = testPool(server, { connectionLimit: 1 });
    const value = await withTransaction(pool, async (connection) => {
      await connection.query("update stored set n = 1");
      return "done";
    });
    expect(value).toBe("done");
    expect(await read()).toEqual([
      [1, 1],
      [2, 1],
    ]);
    expect((await pool.query("select @@in_transaction as open"))[0]).toEqual([{ open: 0 }]);
  });

  test("rolls back before it rejects, when the body fails and when its scope is cancelled (TX-01)", async () => {
    const read = await table("undone");
    const pool = testPool(server, { connectionLimit: 1 });
    const failed = await failureOf(new Cancellable(), () =>
      withTransaction(pool, async (connection) => {
        await connection.query("update undone set n = 1");
        throw new Error("broken");
      }),
    );
    expect(failed.error).toMatchObject({ message: "broken" });
    expect(failed.open).toEqual([]);
    for (const wait of [
      (): Promise<unknown> => sleepForever(),
      (connection: promise.Connection) => connection.query("select sleep(91)"),
    ]) {
      const op = new Cancellable();
      const cancelled = await failureOf(op, () =>
        withTransaction(pool, async (connection) => {
          await connection.query("update undone set n = 1");
          setTimeout(() => op.cancel("quota"), 20);
          await wait(connection);
        }),
      );
      expect(isCancellation(cancelled.error, { reason: "quota" })).toBe(true);
      expect(cancelled.open).toEqual([]);
    }
    expect(await read()).toEqual([
      [1, 0],
      [2, 0],
    ]);
    expect((await pool.query("select @@in_transaction as open"))[0]).toEqual([{ open: 0 }]);
  });

  test("destroys the connection when the rollback gets no answer in time (TX-02)", async () => {
    await table("frozen");
    const proxy = await startProxy(optionsOf(server));
    onTestFinished(() => proxy.stop());
    const reported = vi.fn();
    const before = setReporter(reported);
    onTestFinished(() => void setReporter(before));
    const pool = testPool(server, { port: proxy.port, connectionLimit: 1 }, { cancelTimeout: 200 });
    const error = await withTransaction(
      pool,
      async (connection) => {
        await connection.query("update frozen set n = 1");
        proxy.freeze();
        throw new Error("broken");
      },
      { rollbackTimeout: 2_000 },
    ).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ message: "broken" });
    expect(reported).toHaveBeenCalled();
    proxy.thaw();
    expect((await pool.query("select 1 as a"))[0]).toEqual([{ a: 1 }]);
  });

  test("is a savepoint on the connection of another transaction (TX-03)", async () => {
    const read = await table("nested");
    const pool = testPool(server);
    await withTransaction(pool, async (connection) => {
      await connection.query("update nested set n = 1 where id = 1");
      const inner = new Cancellable();
      const outcome = await inner.settle(() =>
        withTransaction(connection, async (same) => {
          await same.query("update nested set n = 2");
          inner.cancel();
          await sleepForever();
        }),
      );
      expect(outcome.status).toBe("cancelled");
      await withTransaction(connection, (same) => same.query("update nested set n = 3 where id = 2"));
    });
    expect(await read()).toEqual([
      [1, 1],
      [2, 3],
    ]);
  });

  test("runs again after a deadlock, and after a lock wait that took too long (TX-04)", async () => {
    const read = await table("again");
    const pool = testPool(server);
    const both: (() => void)[] = [];
    const meet = (): Promise<void> =>
      new Promise((resolve) => {
        both.push(resolve);
        if (both.length >= 2) for (const go of both) go();
      });
    const runs = { a: 0, b: 0 };
    const crossing = (name: "a" | "b", first: number, second: number) =>
      withTransaction(pool, async (connection) => {
        runs[name]++;
        await connection.query(`update again set n = n + 1 where id = ${first}`);
        await meet();
        await connection.query(`update again set n = n + 1 where id = ${second}`);
      });
    await Promise.all([crossing("a", 1, 2), crossing("b", 2, 1)]);
    expect(runs.a + runs.b).toBe(3);
    expect(await read()).toEqual([
      [1, 2],
      [2, 2],
    ]);
    const holder = await pool.getConnection();
    await holder.beginTransaction();
    await holder.query("select * from again for update");
    let attempts = 0;
    await withTransaction(pool, async (connection) => {
      if (++attempts === 2) await holder.rollback();
      await connection.query(`${impatient} update again set n = 9`);
    });
    expect(attempts).toBe(2);
    holder.release();
  });

  test("does not run again when its scope is cancelled, and at most as often as asked (TX-04)", async () => {
    await table("locked");
    const pool = testPool(server);
    const holder = await pool.getConnection();
    await holder.beginTransaction();
    await holder.query("select * from locked for update");
    let attempts = 0;
    const error = await withTransaction(
      pool,
      async (connection) => {
        attempts++;
        await connection.query(`${impatient} update locked set n = 1`);
      },
      { attempts: 1 },
    ).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ errno: 1205 });
    const op = new Cancellable();
    const { error: cancelled } = await failureOf(op, () =>
      withTransaction(pool, async (connection) => {
        attempts++;
        setTimeout(() => op.cancel(), 20);
        await connection.query("update locked set n = 1");
      }),
    );
    expect(cancelled).toMatchObject({ reason: "manual" });
    expect(attempts).toBe(2);
    await holder.rollback();
    holder.release();
  });

  test("takes no connection and sends nothing in a cancelled scope (TX-06)", async () => {
    const pool = testPool(server);
    await pool.query("select 1");
    // The end of the connections of an earlier test is written down late.
    const count = () => server?.commands().filter(({ command }) => command !== "Quit").length;
    const before = count();
    const op = new Cancellable();
    const outcome = await op.settle(() => {
      op.cancel();
      return withTransaction(pool, () => expect.unreachable());
    });
    expect(outcome.status).toBe("cancelled");
    expect(count()).toBe(before);
  });

  test("says that nothing was stored, when the body has caught a deadlock or ended the transaction itself", async () => {
    await table("caught");
    const pool = testPool(server);
    const error = await withTransaction(pool, async (connection) => {
      await connection.query("update caught set n = 1");
      await connection.query("rollback");
    }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TransactionAbortedError);
    expect((await pool.query("select @@in_transaction as open"))[0]).toEqual([{ open: 0 }]);
  });

  test("does not know the result of a COMMIT whose connection broke", async () => {
    await table("unknown");
    const proxy = await startProxy(optionsOf(server));
    onTestFinished(() => proxy.stop());
    const pool = testPool(server, { port: proxy.port, connectionLimit: 1 });
    const { rows } = await observer(server);
    const hold = await promise.createConnection(optionsOf(server));
    onTestFinished(() => hold.end());
    // A global read lock makes COMMIT wait.
    const error = await withTransaction(pool, async (connection) => {
      await connection.query("update unknown set n = 1");
      await hold.query("backup stage start");
      await hold.query("backup stage block_commit");
      void (async () => {
        while (
          (await rows("select id from information_schema.processlist where info = 'COMMIT'")).length === 0
        );
        proxy.cut();
      })();
    }).catch((reason: unknown) => reason);
    await hold.query("backup stage end");
    expect(error).toBeInstanceOf(CommitUnknownError);
  });

  test("takes a connection, one of a pool, and clients with callbacks and without a wrapper", async () => {
    const read = await table("kinds");
    const raw = mysql.createPool(optionsOf(server));
    onTestFinished(() => raw.promise().end());
    const single = await promise.createConnection(optionsOf(server));
    onTestFinished(() => single.end());
    const lent = await raw.promise().getConnection();
    for (const on of [raw, raw.promise(), single, lent])
      await withTransaction(on, (connection) => connection.query("update kinds set n = n + 1 where id = 1"));
    lent.release();
    expect((await read())[0]).toEqual([1, 4]);
    const op = new Cancellable();
    const { error } = await failureOf(op, () =>
      withTransaction(single, async (connection) => {
        setTimeout(() => op.cancel(), 20);
        await connection.query("select sleep(92)");
      }),
    );
    expect(error).toMatchObject({ cause: { errno: 1317 } });
  });

  test("refuses a connection in a transaction of its user, and undoes one that was left open in a pool", async () => {
    const read = await table("forgotten");
    const single = cancellableMysql2(await promise.createConnection(optionsOf(server)));
    onTestFinished(() => single.end());
    await single.beginTransaction();
    await expect(withTransaction(single, () => expect.unreachable())).rejects.toMatchObject({
      code: "ERR_BUSY",
    });
    await single.rollback();
    const reported = vi.fn();
    const before = setReporter(reported);
    onTestFinished(() => void setReporter(before));
    const pool = testPool(server, { connectionLimit: 1 });
    const connection = await pool.getConnection();
    await connection.beginTransaction();
    await connection.query("update forgotten set n = 7");
    connection.release();
    await withTransaction(pool, (own) => own.query("select 1"));
    expect(reported).toHaveBeenCalledTimes(1);
    expect((await read())[0]).toEqual([1, 0]);
  });

  test("begins with the isolation level and the mode that were asked for", async () => {
    await table("readable");
    const pool: Pool = testPool(server, { connectionLimit: 1 });
    const begun = server?.commands().length;
    await withTransaction(pool, () => {}, { isolation: "serializable", readOnly: true });
    const texts = (server?.commands() ?? []).slice(begun).map(({ text }) => text);
    expect(texts).toContain("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE");
    expect(texts).toContain("START TRANSACTION READ ONLY");
    await expect(
      withTransaction(pool, (connection) => connection.query("delete from readable"), {
        readOnly: true,
      }),
    ).rejects.toMatchObject({ errno: 1792 });
  });

  test("gives a connection that works in the transaction only, and refuses wrong arguments", async () => {
    const pool = testPool(server);
    const late = await withTransaction(pool, (connection) => connection);
    await expect(late.query("select 1")).rejects.toMatchObject({ code: "ERR_CLOSED" });
    await withTransaction(pool, (connection) => {
      expect(() => connection.end()).toThrow("the transaction gives it back at its end");
    });
    const wrong = (value: unknown): never => value as never;
    await expect(withTransaction(wrong({}), () => {})).rejects.toThrow("client must be");
    await expect(withTransaction(pool, wrong(1))).rejects.toThrow("body must be a function");
    await expect(withTransaction(pool, () => {}, wrong({ isolaton: 1 }))).rejects.toThrow("isolation");
    await expect(withTransaction(pool, () => {}, { isolation: wrong("x") })).rejects.toThrow(
      "options.isolation",
    );
  });
});
