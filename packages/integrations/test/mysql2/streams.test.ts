import type { Readable } from "node:stream";
import { Cancellable, isCancellation, setReporter, shield, sleep } from "@hother/cancelable";
import mysql from "mysql2";
import { afterAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { cancellableMysql2 } from "../../src/mysql2/index.ts";
import { startMariaDb } from "../servers/mariadb.ts";
import { observer, optionsOf } from "./kit.ts";

const server = await startMariaDb();
afterAll(() => server?.stop());

/** Rows without an end. */
const endless = "select seq, repeat('x', 1000) as text from seq_1_to_1000000000";

/** A pool of one connection, with callbacks. */
function callbackPool(): mysql.Pool {
  const pool = cancellableMysql2(mysql.createPool({ ...optionsOf(server), connectionLimit: 1 }));
  onTestFinished(() => new Promise<void>((resolve) => pool.end(() => resolve())));
  return pool;
}

/** The answer of a pool, which needs its only connection. */
function ask(pool: mysql.Pool): Promise<unknown> {
  return new Promise((resolve, reject) => {
    pool.query("select 1 as a", (error, rows) => (error ? reject(error) : resolve(rows)));
  });
}

function lent(pool: mysql.Pool): Promise<mysql.PoolConnection> {
  return new Promise((resolve, reject) => {
    pool.getConnection((error, connection) => (error ? reject(error) : resolve(connection)));
  });
}

async function read(stream: Readable, count: number): Promise<void> {
  let rows = 0;
  for await (const _row of stream) if (++rows === count) break;
}

describe.skipIf(server === undefined)("a stream of mysql2", () => {
  test("stops the server when its reader leaves, and does not block the pool (MY-05)", async () => {
    const pool = callbackPool();
    const { leftRunning } = await observer(server);
    await read(pool.query(endless).stream(), 3);
    expect(await ask(pool)).toEqual([{ a: 1 }]);
    expect(await leftRunning("seq_1_to_1000000000")).toEqual([]);
  });

  test("of a prepared statement stops the server when its reader leaves (MY-05)", async () => {
    const pool = callbackPool();
    const { leftRunning } = await observer(server);
    const connection = await lent(pool);
    const stream = (connection.execute(endless) as unknown as mysql.Query).stream();
    await read(stream, 3);
    connection.release();
    expect(await ask(pool)).toEqual([{ a: 1 }]);
    expect(await leftRunning("seq_1_to_1000000000")).toEqual([]);
  });

  test("ends with the cancellation when its scope is cancelled, also if no code reads on (MY-05)", async () => {
    const pool = callbackPool();
    const { leftRunning } = await observer(server);
    const op = new Cancellable();
    let error: unknown;
    let left: unknown;
    const outcome = await op.settle(async () => {
      try {
        for await (const _row of pool.query(endless).stream()) {
          op.cancel("quota");
          await shield(() => sleep(20)); // the connection is paused by then
        }
      } catch (failure) {
        error = failure;
        left = await shield(() => leftRunning("seq_1_to_1000000000"));
        throw failure;
      }
    });
    expect(outcome.status).toBe("cancelled");
    expect(isCancellation(error, { reason: "quota" })).toBe(true);
    expect(error).toMatchObject({ cause: { errno: 1317 } });
    expect(left).toEqual([]);
    expect(await ask(pool)).toEqual([{ a: 1 }]);
  });

  test("ends with the cancellation when the server had sent all rows, and the reader was slow (MY-05)", async () => {
    const pool = callbackPool();
    const op = new Cancellable();
    const outcome = await op.settle(async () => {
      const query = pool.query("select seq from seq_1_to_5");
      const ended = new Promise<void>((resolve) => query.on("end", () => resolve()));
      const stream = query.stream();
      await ended;
      for await (const _row of stream) {
        op.cancel("quota");
        await shield(() => sleep(1));
      }
    });
    expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "quota" } });
    expect(await ask(pool)).toEqual([{ a: 1 }]);
  });

  test("that was destroyed while it waits for a connection sends nothing", async () => {
    const pool = callbackPool();
    const held = await lent(pool);
    const stream = pool.query("select 'unwanted'").stream();
    const closed = new Promise<void>((resolve) => stream.on("close", () => resolve()));
    stream.destroy();
    await closed;
    held.release();
    expect(await ask(pool)).toEqual([{ a: 1 }]);
  });

  test("gives all rows and ends, without a cancellation", async () => {
    const pool = callbackPool();
    const rows: unknown[] = [];
    await new Cancellable().run(async () => {
      for await (const row of pool.query("select seq from seq_1_to_1000").stream()) rows.push(row);
    });
    expect(rows.length).toBe(1_000);
    expect(rows[999]).toEqual({ seq: 1_000 });
    expect(await ask(pool)).toEqual([{ a: 1 }]);
  });

  test("fails with the error of the server, and with the loss of its connection (MY-04)", async () => {
    const pool = callbackPool();
    const op = new Cancellable();
    const outcome = await op.settle(() => read(pool.query("this is no SQL").stream(), 1));
    expect(outcome).toMatchObject({ status: "failed", error: { errno: 1064 } });
    const { rows, untilRunning } = await observer(server);
    const reading = read(pool.query("select sleep(71)").stream(), 2).catch((error: unknown) => error);
    await rows(`kill ${await untilRunning("sleep(71)")}`);
    expect(await reading).toBeInstanceOf(Error);
    expect(await ask(pool)).toEqual([{ a: 1 }]);
  });

  test("without a reader emits rows until the cancellation, and then its error", async () => {
    const pool = callbackPool();
    const op = new Cancellable();
    const events: unknown[] = [];
    await op.settle(async () => {
      const query = pool.query(endless);
      const ended = new Promise<void>((resolve) => query.on("end", () => resolve()));
      query.on("result", () => {
        if (op.isCancelled) events.push("row after the cancellation");
        else op.cancel("quota");
      });
      query.on("error", (error) => events.push(error));
      await ended;
    });
    expect(events.at(-1)).toMatchObject({ reason: "quota", cause: { errno: 1317 } });
    expect(await ask(pool)).toEqual([{ a: 1 }]);
  });

  test("without a reader and without a listener of errors tells its error to the reporter", async () => {
    const reported = vi.fn();
    const before = setReporter(reported);
    onTestFinished(() => void setReporter(before));
    const pool = callbackPool();
    const connection = await lent(pool);
    const op = new Cancellable();
    await op.settle(async () => {
      const query = connection.query("select sleep(72)");
      const ended = new Promise<void>((resolve) => query.on("end", () => resolve()));
      await (await shield(() => observer(server))).untilRunning("sleep(72)");
      op.cancel("quota");
      await ended;
    });
    expect(reported).toHaveBeenCalledWith(expect.objectContaining({ reason: "quota" }), expect.anything());
    connection.release();
    expect(await ask(pool)).toEqual([{ a: 1 }]);
  });
});
