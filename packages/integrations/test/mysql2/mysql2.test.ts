import {
  Cancellable,
  failAfter,
  isCancellation,
  moveOnAfter,
  setReporter,
  shield,
  sleep,
} from "@hother/cancelable";
import mysql from "mysql2";
import promise from "mysql2/promise";
import { afterAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { cancellableMysql2 } from "../../src/mysql2/index.ts";
import { startMariaDb } from "../servers/mariadb.ts";
import { startProxy } from "../servers/proxy.ts";
import { cancelWhenRunning, observer, optionsOf, testPool } from "./kit.ts";

const server = await startMariaDb({ logStatements: true });
afterAll(() => server?.stop());

/** The texts of the commands that the server has got, of all connections. */
const sent = (text: string): string[] =>
  (server?.commands() ?? []).map((command) => command.text).filter((sql) => sql.includes(text));

describe.skipIf(server === undefined)("cancellableMysql2(pool)", () => {
  test.each(["query", "execute"] as const)(
    "stops %s() on the server before the call rejects with the cancellation (MY-01, MY-03)",
    async (method) => {
      const pool = testPool(server, { connectionLimit: 1 });
      const call = (sql: string) => (method === "query" ? pool.query(sql) : pool.execute(sql));
      const { leftRunning } = await observer(server);
      let left: number[] | undefined;
      const error = await cancelWhenRunning(server, "sleep(61)", async () => {
        try {
          await call("select sleep(61)");
        } finally {
          left = await shield(() => leftRunning("sleep(61)"));
        }
      });
      expect(left).toEqual([]);
      expect(isCancellation(error, { reason: "quota" })).toBe(true);
      expect(error).toMatchObject({ cause: { errno: 1317, code: "ER_QUERY_INTERRUPTED" } });
      expect((await call("select 1 as a"))[0]).toEqual([{ a: 1 }]);
    },
  );

  test("hits no next statement with a KILL that comes late (MY-01)", async () => {
    const pool = testPool(server, { connectionLimit: 1 });
    const connection = await pool.getConnection();
    let stopped = 0;
    for (let run = 0; run < 100 || stopped < 10; run++) {
      const op = new Cancellable();
      const ending = op.settle(() => connection.query("select sleep(0.003)"));
      await sleep(Math.random() * 6);
      op.cancel();
      const next = connection.query("select sleep(0.001) as a");
      if ((await ending).status === "cancelled") stopped++;
      expect((await next)[0]).toEqual([{ a: 0 }]);
    }
    connection.release();
  });

  test("has no wrong victim and a whole pool after 50 statements of which half were cancelled (MY-01)", async () => {
    const pool = testPool(server, { connectionLimit: 20 });
    await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        const op = new Cancellable();
        const ending = op.settle(() => pool.query("select sleep(0.02) as a"));
        if (i % 2 === 0) {
          await sleep(15 + Math.random() * 10);
          op.cancel();
          expect(["cancelled", "completed"]).toContain((await ending).status);
        } else expect(await ending).toMatchObject({ status: "completed", value: [[{ a: 0 }], {}] });
      }),
    );
    // All 20 can be had at the same time, and answer.
    const all = await Promise.all(Array.from({ length: 20 }, () => pool.getConnection()));
    for (const connection of all) expect((await connection.query("select 1 as a"))[0]).toEqual([{ a: 1 }]);
    for (const connection of all) connection.release();
  });

  test("leaves a 1317 of an administrator what it is (MY-03)", async () => {
    const pool = testPool(server);
    const { rows, untilRunning } = await observer(server);
    const op = new Cancellable();
    const ending = op.settle(() => pool.query("select sleep(62)"));
    await rows(`kill query ${await untilRunning("sleep(62)")}`);
    expect(await ending).toMatchObject({ status: "failed", error: { errno: 1317 } });
  });

  test("leaves the limit of the server 1969, also in a scope that was cancelled before (MY-03)", async () => {
    const pool = testPool(server);
    const limited = "set statement max_statement_time=0.3 for select sleep(63)";
    expect(await new Cancellable().settle(() => pool.query(limited))).toMatchObject({
      status: "failed",
      error: { errno: 1969 },
    });
    // Here no KILL comes through.
    const reported = vi.fn();
    const before = setReporter(reported);
    onTestFinished(() => void setReporter(before));
    const connection = await testPool(server, {}, { control: { port: 1 } }).getConnection();
    const op = new Cancellable();
    const ending = op.settle(() => expect(connection.query(limited)).rejects.toMatchObject({ errno: 1969 }));
    op.cancel(); // the statement is sent
    expect(await ending).toMatchObject({ status: "completed" });
    expect(reported).toHaveBeenCalledWith(
      expect.objectContaining({ code: "ECONNREFUSED" }),
      expect.anything(),
    );
    connection.release();
  });

  test("leaves the limit of a lock wait 1205, and stops a lock wait that is cancelled (MY-03)", async () => {
    const pool = testPool(server);
    await pool.query("create or replace table locked (id int primary key) engine=innodb");
    await pool.query("insert into locked values (1)");
    const holder = await pool.getConnection();
    await holder.beginTransaction();
    await holder.query("select * from locked for update");
    const error = await cancelWhenRunning(server, "locked where id = 1", () =>
      pool.query("delete from locked where id = 1"),
    );
    expect(error).toMatchObject({ reason: "quota", cause: { errno: 1317 } });
    const limited = await new Cancellable().settle(() =>
      pool.query("set statement innodb_lock_wait_timeout=1 for delete from locked where id = 2 or id = 1"),
    );
    expect(limited).toMatchObject({ status: "failed", error: { errno: 1205 } });
    await holder.rollback();
    holder.release();
  });

  test("leaves a deadlock 1213 (MY-03)", async () => {
    const pool = testPool(server);
    await pool.query("create or replace table pair (id int primary key, n int) engine=innodb");
    await pool.query("insert into pair values (1, 0), (2, 0)");
    const [a, b] = [await pool.getConnection(), await pool.getConnection()];
    await a.beginTransaction();
    await b.beginTransaction();
    await a.query("update pair set n = 1 where id = 1");
    await b.query("update pair set n = 1 where id = 2");
    const results = await new Cancellable().run(() =>
      Promise.allSettled([
        a.query("update pair set n = 2 where id = 2"),
        b.query("update pair set n = 2 where id = 1"),
      ]),
    );
    const failed = results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
    expect(failed).toMatchObject([{ errno: 1213 }]);
    for (const connection of [a, b]) {
      await connection.rollback();
      connection.release();
    }
  });

  test("says that a connection was killed, and takes it out of the pool (MY-03)", async () => {
    const pool = testPool(server, { connectionLimit: 1 });
    const { rows, untilRunning } = await observer(server);
    const op = new Cancellable();
    const ending = op.settle(() => pool.query("select sleep(64)"));
    await rows(`kill ${await untilRunning("sleep(64)")}`);
    const outcome = await ending;
    expect(outcome.status).toBe("failed");
    expect(["PROTOCOL_CONNECTION_LOST", "ER_CONNECTION_KILLED", "ECONNRESET", "EPIPE"]).toContain(
      (outcome as { error: { code: string } }).error.code,
    );
    expect((await pool.query("select 1 as a"))[0]).toEqual([{ a: 1 }]);
  });

  test("ends the wait for a connection at once, and gives back a connection that comes late", async () => {
    const pool = testPool(server, { connectionLimit: 1 });
    const held = await pool.getConnection();
    const op = new Cancellable();
    const errors: unknown[] = [];
    const ending = op.settle(() =>
      Promise.allSettled(
        Array.from({ length: 100 }, () =>
          pool.query("select 'never sent'").catch((error: unknown) => errors.push(error)),
        ),
      ),
    );
    op.cancel("quota");
    await ending; // although the connection is held
    expect(errors.length).toBe(100);
    expect(errors[0]).toMatchObject({ reason: "quota", cause: { code: "ERR_STATEMENT_NOT_SENT" } });
    held.release();
    expect((await pool.query("select 1 as a"))[0]).toEqual([{ a: 1 }]);
    expect(sent("never sent")).toEqual([]);
  });

  test("sends nothing in a cancelled scope, and sends in a shield and outside of operations", async () => {
    const pool = testPool(server);
    const connection = await pool.getConnection();
    const op = new Cancellable();
    const errors: unknown[] = [];
    let own: unknown;
    await op.settle(async () => {
      op.cancel();
      own = op.token.error;
      const keep = (error: unknown): number => errors.push(error);
      await pool.query("select 'in vain'").catch(keep);
      await pool.execute("select 'in vain'").catch(keep);
      await pool.getConnection().catch(keep);
      await connection.query("select 'in vain'").catch(keep);
      await connection.execute("select 'in vain'").catch(keep);
      await connection.beginTransaction().catch(keep);
      expect((await shield(() => connection.query("select 2 as a")))[0]).toEqual([{ a: 2 }]);
    });
    expect(errors.length).toBe(6);
    for (const error of errors) expect(error).toBe(own);
    expect(sent("in vain")).toEqual([]);
    expect((await connection.query("select 3 as a"))[0]).toEqual([{ a: 3 }]);
    connection.release();
  });

  test("does not send what waits behind another statement of its connection, and leaves that one alone", async () => {
    const pool = testPool(server);
    const connection = await pool.getConnection();
    const first = connection.query("select sleep(0.3) as a");
    const op = new Cancellable();
    let error: unknown;
    const ending = op.settle(() =>
      connection.query("select 'queued'").catch((reason: unknown) => {
        error = reason;
      }),
    );
    const executed = op.token.isCancelled ? undefined : new Cancellable({ parent: null });
    const endingOfExecuted = executed?.settle(() => connection.execute("select 'queued'"));
    const third = connection.query("select 3 as a");
    op.cancel("quota");
    executed?.cancel();
    await ending;
    expect(error).toMatchObject({ reason: "quota", cause: { code: "ERR_STATEMENT_NOT_SENT" } });
    expect((await endingOfExecuted)?.status).toBe("cancelled");
    expect((await first)[0]).toEqual([{ a: 0 }]);
    expect((await third)[0]).toEqual([{ a: 3 }]);
    expect(sent("queued")).toEqual([]);
    connection.release();
  });

  test("keeps the transaction open after a statement was stopped, and rolls back before the connection goes back", async () => {
    const pool = testPool(server, { connectionLimit: 1 });
    await pool.query("create or replace table written (id int) engine=innodb");
    const connection = await pool.getConnection();
    await connection.beginTransaction();
    await connection.query("insert into written values (1)");
    await cancelWhenRunning(server, "sleep(65)", () => connection.query("select sleep(65)"));
    const [rows] = await connection.query(
      "select @@in_transaction as open, (select count(*) from written) as n",
    );
    expect(rows).toEqual([{ open: 1, n: 1 }]);
    connection.release();
    const [after] = await pool.query("select @@in_transaction as open, (select count(*) from written) as n");
    expect(after).toEqual([{ open: 0, n: 0 }]);
  });

  test("gives a connection back only when its statement has ended", async () => {
    const pool = testPool(server, { connectionLimit: 1 });
    const connection = await pool.getConnection();
    const op = new Cancellable();
    const ending = op.settle(() => connection.query("select sleep(66)"));
    const { untilRunning, leftRunning } = await observer(server);
    await untilRunning("sleep(66)");
    connection.release();
    op.cancel();
    expect((await pool.query("select 1 as a"))[0]).toEqual([{ a: 1 }]);
    expect(await leftRunning("sleep(66)")).toEqual([]);
    expect((await ending).status).toBe("cancelled");
  });

  test("stops a statement when the client does not wait for it any more", async () => {
    const pool = testPool(server, { connectionLimit: 1 });
    const { leftRunning } = await observer(server);
    await expect(pool.query({ sql: "select sleep(67)", timeout: 50 })).rejects.toMatchObject({
      code: "PROTOCOL_SEQUENCE_TIMEOUT",
    });
    expect(await leftRunning("sleep(67)")).toEqual([]);
    expect((await pool.query("select 1 as a"))[0]).toEqual([{ a: 1 }]);
  });

  test.each(["query", "execute"] as const)(
    "rejects %s() also when the statement ends well after the client has stopped waiting",
    async (method) => {
      const proxy = await startProxy(optionsOf(server));
      onTestFinished(() => proxy.stop());
      proxy.freeze(); // no KILL comes through
      const control = { ...optionsOf(server), port: proxy.port };
      const pool = testPool(server, { connectionLimit: 1 }, { control, cancelTimeout: 60_000 });
      const { rows } = await observer(server);
      await rows(`do get_lock('${method}', 0)`);
      const options = { sql: `select get_lock('${method}', 60)`, timeout: 50 };
      const call = method === "query" ? pool.query(options) : pool.execute(options);
      const rejection = expect(call).rejects.toMatchObject({ code: "PROTOCOL_SEQUENCE_TIMEOUT" });
      await expect.poll(() => proxy.connections).toBe(1); // for the KILL
      await rows(`do release_lock('${method}')`);
      await rejection;
      proxy.thaw();
      expect((await pool.query("select 1 as a"))[0]).toEqual([{ a: 1 }]);
    },
  );

  test("stops a statement that was prepared", async () => {
    const pool = testPool(server);
    const connection = await pool.getConnection();
    const statement = await connection.prepare("select sleep(?) as a");
    const error = await cancelWhenRunning(server, "sleep(68)", () => statement.execute([68]));
    expect(error).toMatchObject({ reason: "quota", cause: { errno: 1317 } });
    expect((await statement.execute([0]))[0]).toEqual([{ a: 0 }]);
    await statement.close();
    connection.release();
  });

  test("rejects waiting calls when the pool ends, and calls in a pool that has ended", async () => {
    const pool = cancellableMysql2(promise.createPool({ ...optionsOf(server), connectionLimit: 1 }));
    const held = await pool.getConnection();
    const waiting = new Cancellable().settle(() => pool.query("select 1"));
    await pool.end();
    expect(await waiting).toMatchObject({ status: "failed", error: { message: "Pool is closed." } });
    await expect(pool.query("select 1")).rejects.toThrow("Pool is closed.");
    held.destroy();
  });

  test("works with the limit of a scope around it", async () => {
    const pool = testPool(server, { connectionLimit: 1 });
    expect(await moveOnAfter(50, () => pool.query("select sleep(69)"))).toBe(undefined);
    const error = await failAfter(50, () => pool.query("select sleep(69)")).catch(
      (reason: unknown) => reason,
    );
    expect(isCancellation(error, { reason: "timeout" })).toBe(true);
    expect((await pool.query("select 1 as a"))[0]).toEqual([{ a: 1 }]);
  });

  test("keeps the other methods of a connection working", async () => {
    const pool = testPool(server);
    const connection = await pool.getConnection();
    await new Cancellable().run(async () => {
      expect(await connection.ping()).toBe(true);
      await connection.reset();
      await connection.changeUser({ database: "mysql" });
      expect((await connection.query("select database() as name"))[0]).toEqual([{ name: "mysql" }]);
    });
    expect(connection.threadId).toBeGreaterThan(0);
    expect(connection).toBeInstanceOf(promise.PoolConnection);
    expect(connection.escape("it's")).toBe("'it\\'s'");
    connection.release();
  });

  test("refuses wrong arguments", () => {
    const wrong = (value: unknown): never => value as never;
    const pool = mysql.createPool({});
    onTestFinished(() => pool.end());
    expect(() => cancellableMysql2(wrong({}))).toThrow(
      "client must be a pool or a connection of mysql2 3; got {}",
    );
    expect(() => cancellableMysql2(wrong(null))).toThrow("client must be");
    expect(() => cancellableMysql2(pool, wrong({ cancelTimout: 1 }))).toThrow("cancelTimeout");
    expect(() => cancellableMysql2(pool, { cancelTimeout: 0 })).toThrow("options.cancelTimeout");
    expect(() => cancellableMysql2(pool, { control: wrong(1) })).toThrow("options.control must be an object");
    const wrapped = cancellableMysql2(pool);
    for (const again of [pool, wrapped, wrapped.promise()])
      expect(() => cancellableMysql2(again)).toThrow("that cancellableMysql2 has not got before");
  });
});
