import {
  Cancellable,
  type CancellationError,
  cancellationOf,
  currentScope,
  isCancellation,
  moveOnAfter,
  shield,
} from "@hother/cancelable";
import pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import {
  type CancellablePgOptions,
  cancellableClient,
  cancellablePool,
  StatementNotSentError,
} from "../../src/pg/index.ts";
import { startPostgres } from "../servers/postgres.ts";
import { removeFolder, temporaryFolder } from "../servers/server-process.ts";
import { unprivilegedUser } from "../servers/unprivileged.ts";
import { openServerView, type ServerView } from "./server-view.ts";

const folder = temporaryFolder("sockets", unprivilegedUser());
afterAll(() => removeFolder(folder));
const server = await startPostgres({
  logStatements: true,
  settings: { unix_socket_directories: folder },
});
afterAll(() => server?.stop());

/** The text of a statement of 60 s that the view finds by `tag`. */
const long = (tag: string): string => `select pg_sleep(60) /* ${tag} */`;

describe.skipIf(server === undefined)("cancellablePool(pool)", () => {
  let view: ServerView;
  const pools: pg.Pool[] = [];
  function newPool(config?: pg.PoolConfig, options?: CancellablePgOptions): pg.Pool {
    const pool = new pg.Pool({
      ...(config?.host === undefined && { connectionString: server?.connectionString }),
      max: 1,
      ...config,
    });
    pools.push(pool);
    return cancellablePool(pool, options);
  }
  const whole = (pool: pg.Pool) => [pool.totalCount, pool.idleCount, pool.waitingCount];

  beforeAll(async () => {
    view = await openServerView(server?.connectionString ?? "");
  });
  afterAll(() => view.close());
  afterEach(async () => {
    await Promise.all(pools.splice(0).map((pool) => pool.ended || pool.end()));
  });

  test("answers as pg does, for texts, values, configurations, statements and callbacks", async () => {
    const pool = newPool();
    expect((await pool.query("select 1 as a")).rows).toEqual([{ a: 1 }]);
    expect((await pool.query("select $1::int as a", [2])).rows).toEqual([{ a: 2 }]);
    const config = { name: "three", text: "select $1::int as a", values: [3], rowMode: "array" as const };
    expect((await pool.query(config)).rows).toEqual([[3]]);
    expect((await pool.query({ ...config, values: [4] })).rows).toEqual([[4]]);
    const called = await new Promise((resolve, reject) => {
      pool.query("select $1::int as a", [5], (error, result) => (error ? reject(error) : resolve(result)));
    });
    expect(called).toMatchObject({ rows: [{ a: 5 }] });
    const failed = await new Promise((resolve) => {
      pool.query("select nothing", (error) => resolve(error));
    });
    expect(failed).toMatchObject({ code: "42703" });
    const client = await pool.connect();
    const rows: unknown[] = [];
    const query = client.query(new pg.Query("select generate_series(1, 2) as a"));
    query.on("row", (row) => rows.push(row));
    await new Promise((resolve) => query.on("end", resolve));
    expect(rows).toEqual([{ a: 1 }, { a: 2 }]);
    await new Promise((resolve, reject) => {
      client.query(new pg.Query("select 1", (error) => (error ? reject(error) : resolve(undefined))));
    });
    client.release();
    expect(pool).toBeInstanceOf(pg.Pool);
    expect(client).toBeInstanceOf(pg.Client);
    await new Promise<void>((resolve, reject) => {
      pool.connect((error, other, release) => {
        expect(other).toBe(client); // the same client, and the same wrapper
        release();
        if (error) reject(error);
        else resolve();
      });
    });
    expect(whole(pool)).toEqual([1, 1, 0]);
  });

  test("rejects when the statement is gone, with the error of the server as the cause, and keeps the connection (PG-01, PG-05)", async () => {
    const pool = newPool();
    const { rows: before } = await pool.query("select pg_backend_pid() as pid");
    const op = new Cancellable();
    let error: CancellationError | undefined;
    let left = -1;
    const outcome = await op.settle(async () => {
      const running = pool.query(long("PG-01"));
      await view.whenRunning("PG-01");
      op.cancel("quota", "too much");
      error = await running.catch((reason) => reason);
      left = await shield(() => view.running("PG-01"));
      throw error;
    });
    expect(left).toBe(0);
    expect(error).toMatchObject({ name: "AbortError", reason: "quota", message: "too much" });
    expect(error?.cause).toBeInstanceOf(pg.DatabaseError);
    expect(error?.cause).toMatchObject({ code: "57014" });
    expect(isCancellation(error, op)).toBe(true);
    expect(outcome).toMatchObject({ status: "cancelled", error: op.token.error });
    expect((await pool.query("select pg_backend_pid() as pid")).rows).toEqual(before);
  });

  test("sends nothing in a cancelled scope, and takes no connection", async () => {
    const pool = newPool();
    const op = new Cancellable();
    await op.settle(async () => {
      op.cancel();
      const { error } = currentScope();
      expect(await pool.query("select 1").catch((reason) => reason)).toBe(error);
      expect(await pool.connect().catch((reason) => reason)).toBe(error);
    });
    expect(whole(pool)).toEqual([0, 0, 0]);
  });

  test("cancels nothing in a shield", async () => {
    const pool = newPool();
    const op = new Cancellable();
    const outcome = await view.whileLocked(1, (open) =>
      op.settle(() =>
        shield(async () => {
          const running = pool.query("select 1 as a, pg_advisory_xact_lock(1) /* shielded */");
          await view.whenRunning("shielded");
          op.cancel();
          await open();
          return (await running).rows[0].a;
        }),
      ),
    );
    expect(outcome).toEqual({ status: "completed", value: 1 });
  });

  test("never hits the next statement of the connection, wherever the cancellation comes (PG-02)", async () => {
    const pool = newPool();
    await pool.query("select 1");
    let cancelled = 0;
    for (let run = 0; run < 150; run++) {
      const op = new Cancellable();
      const outcome = await op.settle(async () => {
        setTimeout(() => op.cancel(), 1 + Math.random() * 2);
        // Some are cancelled for certain, on every machine.
        await pool.query(run % 10 === 0 ? "select pg_sleep(60)" : "select pg_sleep(0.002)");
      });
      if (outcome.status === "cancelled") cancelled++;
      else expect(outcome.status).toBe("completed");
      // A cancel that hit this statement would reject it.
      await pool.query("select pg_sleep(0.001)");
    }
    expect(cancelled).toBeGreaterThanOrEqual(15);
    expect(whole(pool)).toEqual([1, 1, 0]);
  });

  test("finds no wrong victim among 50 concurrent statements, and the pool whole (PG-03)", async () => {
    const pool = newPool({ max: 20 });
    for (let round = 0; round < 3; round++) {
      const outcomes = await Promise.all(
        Array.from({ length: 50 }, async (_, i) => {
          const op = new Cancellable();
          const outcome = await op.settle(async () => {
            if (i % 2 === 0) setTimeout(() => op.cancel(), Math.random() * 12);
            return (await pool.query("select $1::int as a, pg_sleep(0.005)", [i])).rows[0].a;
          });
          return { i, outcome };
        }),
      );
      for (const { i, outcome } of outcomes)
        if (i % 2 === 1 || outcome.status !== "cancelled")
          expect(outcome).toEqual({ status: "completed", value: i });
    }
    // A connection that was not open yet when the only call for it was cancelled arrives later.
    await expect.poll(() => [pool.totalCount - pool.idleCount, pool.waitingCount]).toEqual([0, 0]);
  });

  test("leaves 57014 of an administrator and of the server's own limit, and other errors, as they are (PG-05)", async () => {
    const pool = newPool({ max: 2 });
    const op = new Cancellable();
    const byHand = op.run(() => pool.query(long("PG-05 by hand"))).catch((reason: unknown) => reason);
    await view.whenRunning("PG-05 by hand");
    await view.client.query(
      "select pg_cancel_backend(pid) from pg_stat_activity where query like '%PG-05 by hand%' and pid <> pg_backend_pid()",
    );
    expect(await byHand).toMatchObject({ code: "57014" });
    expect(cancellationOf(await byHand)).toBe(undefined);
    const client = await pool.connect();
    await client.query("set statement_timeout = 20");
    const byLimit = await client.query(long("PG-05 limit")).catch((reason) => reason);
    expect(byLimit).toMatchObject({ code: "57014" });
    expect(cancellationOf(byLimit)).toBe(undefined);
    client.release(true);
  });

  test.each([
    ["23505", "insert into taken values (1)"],
    ["55P03", "set lock_timeout = 1; lock table locked"],
    ["40001", "do $$ begin raise exception 'no' using errcode = '40001'; end $$"],
    ["57P01", "select pg_terminate_backend(pg_backend_pid())"],
  ])("keeps the code %s that arrives in a scope that was cancelled too late (PG-05)", async (code, sql) => {
    await view.client.query("drop table if exists taken, locked");
    await view.client.query("create table taken (id int primary key); insert into taken values (1)");
    await view.client.query("create table locked (id int)");
    await view.client.query("begin; lock table locked");
    const pool = newPool();
    pool.on("error", () => {}); // of the connection that the server closes
    await pool.query("select 1");
    const op = new Cancellable();
    let error: unknown;
    await op.settle(async () => {
      // The scope is cancelled before the promise is told.
      const running = pool.query(sql);
      running.catch(() => {});
      const client = await vi.waitFor(() => {
        const { _clients } = pools[0] as unknown as { readonly _clients: pg.Client[] };
        return _clients[0] as pg.Client;
      });
      client.connection.once("errorMessage", () => op.cancel());
      error = await running.catch((reason) => reason);
    });
    await view.client.query("commit");
    expect(op.isCancelled).toBe(true);
    expect(error).toMatchObject({ code });
    expect(cancellationOf(error)).toBe(undefined);
  });

  test("ends 100 waits for a connection at once, says so, and gives back the client that comes late (PG-07)", async () => {
    const pool = newPool();
    const held = await pool.connect();
    const op = new Cancellable();
    const errors: unknown[] = [];
    await op.settle(async () => {
      const waiting = Array.from({ length: 100 }, (_, i) =>
        (i % 2 === 0 ? pool.query("select 'PG-07'") : pool.connect()).catch((reason: unknown) =>
          errors.push(reason),
        ),
      );
      expect(pool.waitingCount).toBe(100);
      op.cancel();
      await Promise.all(waiting);
    });
    expect(errors).toHaveLength(100);
    for (const error of errors) {
      expect(isCancellation(error, op)).toBe(true);
      expect((error as Error).cause).toBeInstanceOf(StatementNotSentError);
    }
    held.release();
    expect((await pool.query("select 1 as a")).rows).toEqual([{ a: 1 }]);
    expect(whole(pool)).toEqual([1, 1, 0]);
    expect(server?.statements().filter((sql) => sql.includes("'PG-07'"))).toEqual([]);
  });

  test("rejects the calls that wait when the pool ends, and later ones (PG-09)", async () => {
    for (const end of ["of the wrapper", "of the pool itself"]) {
      const pool = newPool();
      const held = await pool.connect();
      const waiting = [pool.query("select 1"), pool.connect()].map((call) =>
        call.catch((reason: unknown) => reason),
      );
      const ended = (end === "of the wrapper" ? pool : (pools.at(-1) as pg.Pool)).end();
      if (end === "of the wrapper") {
        for (const call of waiting)
          expect(String(await call)).toContain("Cannot use a pool after calling end");
      }
      held.release();
      for (const call of waiting) expect(String(await call)).toContain("Cannot use a pool after calling end");
      await ended;
      await expect(pool.query("select 1")).rejects.toThrow("Cannot use a pool after calling end");
      await expect(pool.end()).rejects.toThrow("Called end on pool more than once");
    }
  });

  test("stops a statement that exceeds query_timeout, so that the connection is free (PG-10)", async () => {
    const pool = newPool();
    const limited = { text: long("PG-10"), query_timeout: 20 };
    for (const on of ["pool", "client"]) {
      const client = on === "pool" ? undefined : await pool.connect();
      const error = await (client ?? pool).query(limited).catch((reason) => reason);
      expect(error).toMatchObject({ message: "Query read timeout" });
      expect(await view.running("PG-10")).toBe(0);
      client?.release();
    }
    expect((await pool.query("select 1 as a")).rows).toEqual([{ a: 1 }]);
    expect(whole(pool)).toEqual([1, 1, 0]);
  });

  test("gives a client back when its cancel has ended, although release() came before", async () => {
    const pool = newPool();
    const op = new Cancellable();
    let running: Promise<unknown> | undefined;
    await op.settle(async () => {
      const client = await pool.connect();
      running = client.query(long("released")).catch((reason) => reason);
      await view.whenRunning("released");
      op.cancel();
      client.release();
    });
    expect((await pool.query("select 1 as a")).rows).toEqual([{ a: 1 }]);
    expect(cancellationOf(await running)).toBeDefined();
    expect(await view.running("released")).toBe(0);
  });

  test("leaves no listener on the pool and on its connections, in an operation that goes on", async () => {
    const pool = newPool();
    const raw = pools.at(-1) as pg.Pool;
    let listeners = (): number[] => [];
    raw.on("connect", (client) => {
      const { connection } = client as pg.PoolClient;
      const emitters = [raw, client, connection, connection.stream];
      listeners = () =>
        emitters.map((emitter) =>
          emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0),
        );
    });
    await new Cancellable().run(async () => {
      await pool.query("select 1");
      const before = listeners();
      for (let run = 0; run < 20; run++) {
        await pool.query("select $1::int", [run]);
        await moveOnAfter(1, () => pool.query("select pg_sleep(60)"));
      }
      expect(listeners()).toEqual(before);
    });
  });

  test("refuses a second release() of a client, while the first one waits and after it", async () => {
    const pool = newPool();
    const client = await pool.connect();
    const running = client.query("select 1 as a");
    client.release();
    expect(() => client.release()).toThrow("already been released");
    expect((await running).rows).toEqual([{ a: 1 }]);
    expect(() => client.release()).toThrow("already been released");
    expect(whole(pool)).toEqual([1, 1, 0]);
  });

  test("sends the cancel request to a socket of the file system", async () => {
    const pool = newPool({ host: folder, port: server?.port ?? 0, user: "postgres", database: "postgres" });
    const op = new Cancellable();
    let error: CancellationError | undefined;
    await op.settle(async () => {
      const running = pool.query(long("by file"));
      await view.whenRunning("by file");
      op.cancel();
      error = await running.catch((reason) => reason);
    });
    expect(error?.cause).toMatchObject({ code: "57014" });
  });

  test("refuses wrong arguments", () => {
    const wrong = (value: unknown): never => value as never;
    expect((cancellableClient(new pg.Client()) as Partial<pg.PoolClient>).release).toBe(undefined);
    expect(() => cancellablePool(wrong(undefined))).toThrow("pool must be a Pool of pg");
    expect(() => cancellablePool(newPool())).toThrow("not wrapped yet");
    const pool = pools.at(-1) as pg.Pool;
    expect(() => cancellablePool(pool, wrong({ canceltimeout: 1 }))).toThrow("cancelTimeout");
    expect(() => cancellablePool(pool, { cancelTimeout: 0 })).toThrow("options.cancelTimeout");
    expect(() => newPool().query("select 1", wrong([]), wrong(5))).toThrow("callback is not a function");
  });
});
