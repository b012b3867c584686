import { Cancellable, type CancellationError, shield } from "@hother/cancelable";
import pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type CancellablePgOptions, cancellablePool } from "../../src/pg/index.ts";
import { startPgBouncer } from "../servers/pgbouncer.ts";
import { startPostgres } from "../servers/postgres.ts";
import { openServerView, type ServerView } from "./server-view.ts";

const server = await startPostgres();
const bouncer = server && (await startPgBouncer(server, { poolSize: 1 }));
afterAll(() => bouncer?.stop());
afterAll(() => server?.stop());

describe.skipIf(bouncer === undefined)("cancellablePool(pool) through PgBouncer in transaction mode", () => {
  let view: ServerView;
  const pools: pg.Pool[] = [];
  function newPool(options?: CancellablePgOptions): pg.Pool {
    const pool = new pg.Pool({ connectionString: bouncer?.connectionString, max: 2 });
    pools.push(pool);
    return cancellablePool(pool, options);
  }
  beforeAll(async () => {
    view = await openServerView(server?.connectionString ?? "");
  });
  afterAll(() => view.close());
  afterEach(async () => {
    await Promise.all(pools.splice(0).map((pool) => pool.end()));
  });

  test("stops the statement on the server (PG-16)", async () => {
    const pool = newPool();
    for (let run = 0; run < 3; run++) {
      const op = new Cancellable();
      let error: CancellationError | undefined;
      let left = -1;
      await op.settle(async () => {
        const running = pool.query("select pg_sleep(60) /* PG-16 */");
        await view.whenRunning("PG-16");
        op.cancel();
        error = await running.catch((reason) => reason);
        left = await shield(() => view.running("PG-16"));
      });
      expect(left).toBe(0);
      expect(error?.cause).toMatchObject({ code: "57014" });
      expect((await pool.query("select 1 as a")).rows).toEqual([{ a: 1 }]);
    }
    expect(pool.totalCount).toBe(1);
  });

  test("never hits the next statement, also of another client with the same connection to the server (PG-02, PG-16)", async () => {
    const pool = newPool();
    let cancelled = 0;
    for (let run = 0; run < 100; run++) {
      const op = new Cancellable();
      const outcome = await op.settle(async () => {
        setTimeout(() => op.cancel(), 1 + Math.random() * 3);
        // Some are cancelled for certain, on every machine.
        await pool.query(run % 10 === 0 ? "select pg_sleep(60)" : "select pg_sleep(0.003)");
      });
      if (outcome.status === "cancelled") cancelled++;
      await Promise.all([pool.query("select pg_sleep(0.001)"), pool.query("select pg_sleep(0.001)")]);
    }
    expect(cancelled).toBeGreaterThanOrEqual(10);
  });

  test("gives up a connection that waits in PgBouncer's own line, because no request reaches it there (PG-16)", async () => {
    const pool = newPool({ cancelTimeout: 300 });
    const clients = await Promise.all([pool.connect(), pool.connect()]);
    const first = new Cancellable();
    const holding = first.settle(() => clients[0].query("select pg_sleep(60) /* PG-16 holds */"));
    await view.whenRunning("PG-16 holds");
    const op = new Cancellable();
    let error: CancellationError | undefined;
    await op.settle(async () => {
      const running = clients[1].query("select 'PG-16 waits'");
      op.cancel();
      error = await running.catch((reason) => reason);
    });
    expect(error?.reason).toBe("manual");
    expect(String(error?.cause)).toContain(
      "has not ended 300 ms after the cancellation, and its connection was destroyed",
    );
    clients[1].release();
    expect(pool.totalCount).toBe(1);
    first.cancel();
    expect((await holding).status).toBe("cancelled");
    clients[0].release();
    expect((await pool.query("select 1 as a")).rows).toEqual([{ a: 1 }]);
  });
});
