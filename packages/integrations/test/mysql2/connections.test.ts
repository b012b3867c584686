import { Cancellable, isCancellation, setReporter } from "@hother/cancelable";
import mysql from "mysql2";
import promise from "mysql2/promise";
import { afterAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { cancellableMysql2 } from "../../src/mysql2/index.ts";
import { startMariaDb } from "../servers/mariadb.ts";
import { startProxy } from "../servers/proxy.ts";
import { cancelWhenRunning, observer, optionsOf, testPool } from "./kit.ts";

const server = await startMariaDb();
afterAll(() => server?.stop());

/** A user of its own for a test, and a function that counts the connections of this user. */
async function countedUser(name: string): Promise<{ user: string; count: () => Promise<number> }> {
  const { rows } = await observer(server);
  await rows(`create or replace user '${name}'@'127.0.0.1'`);
  const count = async (): Promise<number> => {
    const [row] = await rows(
      `select count(*) as n from information_schema.processlist where user = '${name}'`,
    );
    return Number(row?.n);
  };
  return { user: name, count };
}

describe.skipIf(server === undefined)("a connection that was destroyed", () => {
  test.each(["query", "execute"] as const)(
    "rejects its %s(), which the server stops (MY-04)",
    async (method) => {
      const pool = testPool(server, { connectionLimit: 1 });
      const { running, untilRunning } = await observer(server);
      const connection = await pool.getConnection();
      const sql = "select sleep(81)";
      const call = method === "query" ? connection.query(sql) : connection.execute(sql);
      const queued = connection.query("select 2");
      await untilRunning("sleep(81)");
      connection.destroy();
      await expect(call).rejects.toMatchObject({ code: "PROTOCOL_CONNECTION_LOST" });
      await expect(queued).rejects.toMatchObject({ code: "PROTOCOL_CONNECTION_LOST" });
      await expect.poll(() => running("sleep(81)")).toEqual([]);
      expect((await pool.query("select 1 as a"))[0]).toEqual([{ a: 1 }]);
    },
  );

  test("of no pool rejects its call, and refuses further ones (MY-04)", async () => {
    const connection = cancellableMysql2(await promise.createConnection(optionsOf(server)));
    const { untilRunning, running } = await observer(server);
    const call = connection.query("select sleep(82)");
    await untilRunning("sleep(82)");
    connection.destroy();
    await expect(call).rejects.toThrow("The connection was destroyed while the call ran");
    await expect(connection.query("select 1")).rejects.toThrow("closed state");
    await expect(connection.execute("select 1")).rejects.toThrow("closed state");
    await expect.poll(() => running("sleep(82)")).toEqual([]);
  });

  test("ends the pool all the same (MY-04)", async () => {
    const pool = cancellableMysql2(promise.createPool({ ...optionsOf(server), connectionLimit: 1 }));
    const connection = await pool.getConnection();
    const call = connection.query("select sleep(83)").catch((error: unknown) => error);
    await (await observer(server)).untilRunning("sleep(83)");
    const ending = pool.end().catch(() => {});
    connection.destroy();
    await call;
    await ending;
  });
});

describe.skipIf(server === undefined)("the connections that send KILL", () => {
  test("are made when one is needed, used again, and closed with the pool", async () => {
    const { user, count } = await countedUser("counted");
    const pool = cancellableMysql2(
      promise.createPool({ ...optionsOf(server), database: "", user, connectionLimit: 8 }),
    );
    await pool.query("select 1");
    expect(await count()).toBe(1);
    const { rows, running } = await observer(server);
    // Waits for a row, because all calls of sleep() share a lock of MariaDB, which can hold up each of several KILLs for 2 s.
    await rows("grant all on test.* to 'counted'@'127.0.0.1'");
    await rows("create or replace table counted (id int primary key) engine=innodb");
    await rows("insert into counted values (1)");
    await rows("start transaction");
    await rows("select * from counted for update");
    for (let round = 0; round < 3; round++) {
      const op = new Cancellable();
      const ending = op.settle(() =>
        Promise.all(Array.from({ length: 8 }, () => pool.query("delete from test.counted"))),
      );
      await expect.poll(async () => (await running("delete from test.counted")).length).toBe(8);
      op.cancel();
      expect((await ending).status).toBe("cancelled");
    }
    expect(await count()).toBeLessThanOrEqual(8 + 4);
    expect(await count()).toBeGreaterThan(8);
    await pool.end();
    await expect.poll(count).toBe(0);
  });

  test("belong to a connection of no pool, too, and close with it", async () => {
    const { user, count } = await countedUser("single");
    const connection = cancellableMysql2(
      mysql.createConnection({ ...optionsOf(server), database: "", user }),
    );
    const error = await cancelWhenRunning(server, "sleep(85)", () =>
      connection.promise().query("select sleep(85)"),
    );
    expect(error).toMatchObject({ cause: { errno: 1317 } });
    expect(await count()).toBe(2);
    await connection.promise().end();
    await expect.poll(count).toBe(0);
  });

  test("that cannot be made let the connection of the statement be destroyed, and the error says so", async () => {
    const pool = testPool(server, { connectionLimit: 1 }, { control: { port: 1 }, cancelTimeout: 1_000 });
    const error = await cancelWhenRunning(server, "sleep(101)", () => pool.query("select sleep(101)"));
    expect(isCancellation(error, { reason: "quota" })).toBe(true);
    const { cause } = error as { cause: Error };
    expect(cause.message).toMatch(
      /has not ended 1000 ms after the cancellation, and its connection was destroyed/,
    );
    expect(cause.cause).toMatchObject({ code: "ECONNREFUSED" });
    expect((await pool.query("select 1 as a"))[0]).toEqual([{ a: 1 }]); // on a new connection
  });

  test("that lack the right to stop the statement are named in the error", async () => {
    const { rows } = await observer(server);
    await rows("create or replace user 'limited'@'127.0.0.1' identified by 'secret'");
    const control = { ...optionsOf(server), database: "", user: "limited", password: "secret" };
    const pool = testPool(server, { connectionLimit: 1 }, { control, cancelTimeout: 2_000 });
    const error = await cancelWhenRunning(server, "sleep(102)", () => pool.query("select sleep(102)"));
    expect(error).toMatchObject({ reason: "quota", cause: { cause: { code: "ER_KILL_DENIED_ERROR" } } });
  });

  test("that get no answer hold nothing up for longer than the limit", async () => {
    const { host, port, ...rest } = optionsOf(server);
    const proxy = await startProxy({ host, port });
    onTestFinished(() => proxy.stop());
    const control = { ...rest, host: proxy.host, port: proxy.port };
    const pool = testPool(server, { connectionLimit: 1 }, { control, cancelTimeout: 2_000 });
    await cancelWhenRunning(server, "sleep(86)", () => pool.query("select sleep(86)"));
    expect(proxy.connections).toBe(1);
    proxy.freeze();
    const error = await cancelWhenRunning(server, "sleep(103)", () => pool.query("select sleep(103)"));
    expect(isCancellation(error, { reason: "quota" })).toBe(true);
    expect((error as { cause: Error }).cause.message).toMatch(/its connection was destroyed/);
    expect((await pool.query("select 1 as a"))[0]).toEqual([{ a: 1 }]);
  });

  test("are made anew after the server has closed them", async () => {
    const pool = testPool(server, { connectionLimit: 1 });
    const { rows } = await observer(server);
    await cancelWhenRunning(server, "sleep(87)", () => pool.query("select sleep(87)"));
    const [own] = (await pool.query("select connection_id() as id"))[0] as { id: number }[];
    const idle = await rows(
      `select id from information_schema.processlist where id not in (connection_id(), ${own?.id}) and user = 'root'`,
    );
    for (const { id } of idle) await rows(`kill ${id}`).catch(() => {});
    const error = await cancelWhenRunning(server, "sleep(88)", () => pool.query("select sleep(88)"));
    expect(error).toMatchObject({ reason: "quota", cause: { errno: 1317 } });
  });

  test("destroy the connection of the statement if they break before the answer comes", async () => {
    const { host, port, ...rest } = optionsOf(server);
    const proxy = await startProxy({ host, port });
    onTestFinished(() => proxy.stop());
    const control = { ...rest, host: proxy.host, port: proxy.port };
    const pool = testPool(server, { connectionLimit: 1 }, { control });
    await cancelWhenRunning(server, "sleep(89)", () => pool.query("select sleep(89)"));
    const [first] = (await pool.query("select connection_id() as id"))[0] as { id: number }[];
    proxy.freeze();
    const reported = vi.fn();
    const before = setReporter(reported);
    onTestFinished(() => void setReporter(before));
    const op = new Cancellable();
    const ending = op.settle(() => pool.query("select sleep(90)"));
    await (await observer(server)).untilRunning("sleep(90)");
    op.cancel("quota");
    await vi.waitFor(() => expect(proxy.connections).toBe(1));
    proxy.cut();
    const outcome = await ending;
    expect(outcome.status).not.toBe("completed");
    expect(reported).toHaveBeenCalledWith(expect.any(Error), expect.stringContaining("the request to stop"));
    const [second] = (await pool.query("select connection_id() as id"))[0] as { id: number }[];
    expect(second?.id).not.toBe(first?.id);
  });
});
