import { Cancellable, type CancellationError, failAfter, isCancellation, shield } from "@hother/cancelable";
import pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { cancellablePool } from "../../src/pg/index.ts";
import { startPgBouncer } from "../servers/pgbouncer.ts";
import { startPostgres } from "../servers/postgres.ts";
import { startProxy } from "../servers/proxy.ts";
import { openServerView, type ServerView } from "./server-view.ts";

const server = await startPostgres({ logStatements: true });
const bouncer = server && (await startPgBouncer(server, { poolSize: 1 }));
afterAll(() => bouncer?.stop());
afterAll(() => server?.stop());

const show = "show statement_timeout";

describe.skipIf(server === undefined)("cancellablePool(pool, { serverDeadline: true })", () => {
  let view: ServerView;
  const pools: pg.Pool[] = [];
  function newPool(config?: pg.PoolConfig): pg.Pool {
    const pool = new pg.Pool({ connectionString: server?.connectionString, max: 1, ...config });
    pools.push(pool);
    return cancellablePool(pool, { serverDeadline: true });
  }
  /** The limit that the server shows, in ms. */
  async function limitOf(pool: Pick<pg.Pool, "query">): Promise<number> {
    const { rows } = await pool.query(
      "select setting::int as ms from pg_settings where name = 'statement_timeout'",
    );
    return rows[0].ms;
  }
  beforeAll(async () => {
    view = await openServerView(server?.connectionString ?? "");
  });
  afterAll(() => view.close());
  afterEach(async () => {
    await Promise.all(pools.splice(0).map((pool) => pool.end()));
  });

  test("sends the time to the deadline, for this statement only (PG-15)", async () => {
    const pool = newPool();
    const ms = await failAfter(10_000, () => limitOf(pool));
    expect(ms).toBeGreaterThan(1_000);
    expect(ms).toBeLessThanOrEqual(10_000);
    expect(await limitOf(pool)).toBe(0);
    expect(await failAfter(10_000, () => shield(() => limitOf(pool)))).toBe(0);
    expect(await failAfter({ weeks: 10 }, () => limitOf(pool))).toBe(0); // more than the server takes
  });

  test.skipIf(bouncer === undefined)(
    "shows the limit to no other client, also through PgBouncer with one connection (PG-15)",
    async () => {
      const pool = newPool({ connectionString: bouncer?.connectionString, max: 2 });
      const other = new pg.Client({ connectionString: bouncer?.connectionString });
      await other.connect();
      for (let run = 0; run < 6; run++) {
        const ms = await failAfter(10_000, () => limitOf(pool));
        expect(ms).toBeGreaterThan(1_000);
        expect((await other.query(show)).rows).toEqual([{ statement_timeout: "0" }]);
      }
      await other.end();
    },
  );

  test("gives every result as without it: values, names, rows as arrays, and failures", async () => {
    const pool = newPool();
    await failAfter(10_000, async () => {
      expect((await pool.query("select 1 as a")).rows).toEqual([{ a: 1 }]);
      expect((await pool.query("select generate_series(1, 3) as a")).rowCount).toBe(3);
      const named = { name: "n", text: "select $1::int as a", rowMode: "array" as const };
      for (const a of [1, 2])
        expect(await pool.query(named, [a])).toMatchObject({ rows: [[a]], command: "SELECT", rowCount: 1 });
      const client = await pool.connect();
      const wrong = { name: "w", text: "select nothing" };
      for (let run = 0; run < 2; run++)
        await expect(client.query(wrong)).rejects.toMatchObject({ code: "42703" });
      await client.query("create temp table maybe (id int)");
      const later = { name: "later", text: "select $1::int / 0" };
      for (let run = 0; run < 2; run++)
        await expect(client.query(later, [1])).rejects.toMatchObject({ code: "22012" });
      await expect(client.query("select $1::int", ["x"])).rejects.toMatchObject({ code: "22P02" });
      const rows: unknown[] = [];
      const query = client.query(new pg.Query("select generate_series(1, 2) as a"));
      query.on("row", (row) => rows.push(row));
      await new Promise((resolve) => query.on("end", resolve));
      expect(rows).toEqual([{ a: 1 }, { a: 2 }]);
      client.release();
    });
  });

  test("leaves a transaction its own limit, and the commands of transactions alone", async () => {
    const pool = newPool();
    const client = await pool.connect();
    await failAfter(10_000, () => client.query("begin"));
    await client.query("set local statement_timeout = 5000");
    expect(await failAfter(60_000, () => limitOf(client))).toBeGreaterThan(5_000);
    expect(await limitOf(client)).toBe(5_000);
    await client.query("savepoint a");
    await failAfter(60_000, () => client.query("select 1 / 0")).catch(() => {});
    await failAfter(60_000, () => client.query("/* back */ rollback to savepoint a"));
    expect(await limitOf(client)).toBe(5_000);
    await failAfter(60_000, () => client.query("set local statement_timeout = 7000"));
    expect(await limitOf(client)).toBe(7_000);
    expect((await failAfter(60_000, () => client.query("commit"))).command).toBe("COMMIT");
    expect(await limitOf(client)).toBe(0);
    client.release();
  });

  test("rejects with the timeout of the scope, whether the client or the server was quicker (PG-15)", async () => {
    const pool = newPool();
    for (let run = 0; run < 20; run++) {
      const error: CancellationError = await failAfter(20, async (scope) => {
        const failure = await pool.query("select pg_sleep(60)").catch((reason) => reason);
        expect(isCancellation(failure, { reason: "timeout" })).toBe(true);
        expect(scope.cancelCalled).toBe(true);
        throw failure;
      }).catch((reason) => reason);
      expect(error.reason).toBe("timeout");
    }
    // While this process is busy, only the server is there to keep the deadline.
    const client = await pool.connect();
    const failure = await failAfter(1_000, () => {
      const until = performance.now() + 1_200;
      const running = client.query("select pg_sleep(60)"); // sent at once
      while (performance.now() < until);
      return running;
    }).catch((reason) => reason);
    expect(failure).toMatchObject({ reason: "timeout" });
    client.release();
  });

  test("stops the statement of a client that is gone (PG-15)", async () => {
    const proxy = await startProxy({ host: server?.host ?? "", port: server?.port ?? 0 });
    const config = { host: proxy.host, port: proxy.port, user: "postgres", database: "postgres" };
    const raw = new pg.Pool(config);
    const pool = cancellablePool(raw, { serverDeadline: true, cancelTimeout: 50 });
    await pool.query("select 1"); // connects
    const sql = "select pg_sleep(60) /* gone */";
    proxy.refuse(); // no cancel request gets through
    const op = Cancellable.withTimeout(1_000);
    const outcome = op.settle(() => pool.query(sql));
    // In the log, because the statement may have ended before a look at the list of statements.
    await vi.waitFor(() => expect(server?.statements()).toContain(sql), { timeout: 10_000 });
    proxy.freeze(); // the server hears nothing of the client any more
    expect((await outcome).status).toBe("cancelled");
    await vi.waitFor(
      () =>
        expect(server?.log()).toContain(`canceling statement due to statement timeout\nSTATEMENT:  ${sql}`),
      { timeout: 10_000 },
    );
    await proxy.stop();
    await pool.end();
  });

  test("says which version of pg it needs", async () => {
    const pool = newPool();
    const client = await pool.connect();
    Object.assign(client, { getTransactionStatus: undefined }); // as in pg 8.20
    await expect(client.query("select 1")).rejects.toThrow("options.serverDeadline needs pg 8.21");
    client.release(true);
  });

  test("refuses an option that is no boolean", () => {
    const wrong = (value: unknown): never => value as never;
    const pool = new pg.Pool();
    expect(() => cancellablePool(pool, { serverDeadline: wrong(500) })).toThrow("options.serverDeadline");
  });
});
