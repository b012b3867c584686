import {
  Cancellable,
  CancelScope,
  failAfter,
  isCancellation,
  type Reporter,
  setReporter,
  shield,
  sleep,
  sleepForever,
} from "@hother/cancelable";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  CommitUnknownError,
  cancellableClient,
  cancellablePool,
  TransactionAbortedError,
  withTransaction,
} from "../../src/pg/index.ts";
import { startPgBouncer } from "../servers/pgbouncer.ts";
import { startPostgres } from "../servers/postgres.ts";
import { startProxy } from "../servers/proxy.ts";
import { openServerView, type ServerView } from "./server-view.ts";

const server = await startPostgres({ logStatements: true, settings: { deadlock_timeout: "20ms" } });
const bouncer = server && (await startPgBouncer(server));
afterAll(async () => {
  await bouncer?.stop();
  await server?.stop();
});

describe.skipIf(server === undefined)("withTransaction(pool, body)", () => {
  let view: ServerView;
  const pools: pg.Pool[] = [];
  function newPool(config?: pg.PoolConfig): pg.Pool {
    const pool = new pg.Pool({ connectionString: server?.connectionString, max: 1, ...config });
    pools.push(pool);
    return cancellablePool(pool);
  }
  const whole = (pool: pg.Pool) => [pool.totalCount, pool.idleCount, pool.waitingCount];
  const insert = (client: pg.ClientBase, n: number) => client.query("insert into t values ($1)", [n]);
  const rows = async () => (await view.client.query("select n from t order by n")).rows.map(({ n }) => n);
  /** The sessions besides that of the view that are in a transaction. */
  const inTransaction = async () =>
    (
      await view.client.query(
        "select state, query from pg_stat_activity where state like 'idle in transaction%' and pid <> pg_backend_pid()",
      )
    ).rows;
  /** Waits for the end of a session, which is on the list of the server a moment longer than its connection. */
  const untilGone = async (pid: number): Promise<void> => {
    const sessions = async () =>
      (await view.client.query("select from pg_stat_activity where pid = $1", [pid])).rowCount;
    await expect.poll(sessions).toBe(0);
  };
  /** Ends the sessions whose COMMIT runs and whose client is gone, and waits until none is left. */
  const endCommits = async (): Promise<void> => {
    await view.client.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where query = 'COMMIT' and state = 'active'",
    );
    await view.whenRunning("COMMIT", 0);
  };
  /** The statements that the server got since the last test began, without those of the view. */
  let before = 0;
  const statements = () =>
    (server?.statements() ?? []).slice(before).filter((sql) => !/pg_stat_activity|from t order/.test(sql));
  const reports: string[] = [];
  let reporter: Reporter;

  beforeAll(async () => {
    view = await openServerView(server?.connectionString ?? "");
    await view.client.query("create table t (n int primary key)");
    await view.client.query("create table slow (n int)");
    await view.client.query(
      `create function wait() returns trigger language plpgsql as
       $$ begin perform pg_sleep(new.n); return null; end $$`,
    );
    await view.client.query(
      `create constraint trigger slowly after insert on slow deferrable initially deferred
       for each row execute function wait()`,
    );
  });
  afterAll(() => view.close());
  beforeEach(async () => {
    reporter = setReporter((error, source) => reports.push(`${source}: ${(error as Error).message}`));
    await view.client.query("truncate t, slow");
    before = server?.statements().length ?? 0;
  });
  afterEach(async () => {
    setReporter(reporter);
    await Promise.all(pools.splice(0).map((pool) => pool.end()));
    expect(await inTransaction()).toEqual([]);
    expect(reports.splice(0)).toEqual([]);
  });

  test("stores what the body did, and gives its value", async () => {
    const pool = newPool();
    const value = await withTransaction(pool, async (client) => {
      await insert(client, 1);
      expect(await rows()).toEqual([]);
      return "done";
    });
    expect(value).toBe("done");
    expect(await rows()).toEqual([1]);
    expect(statements()).toEqual(["BEGIN", "insert into t values ($1)", "COMMIT"]);
    expect(whole(pool)).toEqual([1, 1, 0]);
  });

  test("works with a pool and a client that are not wrapped, and cancels their statements", async () => {
    const pool = new pg.Pool({ connectionString: server?.connectionString });
    pools.push(pool);
    const op = new Cancellable();
    const ending = op.settle(() =>
      withTransaction(pool, (client) => client.query("select pg_sleep(60), 'own'")),
    );
    await view.whenRunning("'own'");
    op.cancel();
    expect(await ending).toMatchObject({ status: "cancelled" });
    expect(await view.running("'own'")).toBe(0);

    const client = new pg.Client({ connectionString: server?.connectionString });
    await client.connect();
    await withTransaction(client, (own) => insert(own, 1));
    await client.end();
    expect(await rows()).toEqual([1]);
  });

  test("undoes what the body did when it throws, and rejects with its error", async () => {
    const pool = newPool();
    const error = new Error("no stock");
    const ending = withTransaction(pool, async (client) => {
      await insert(client, 1);
      throw error;
    });
    await expect(ending).rejects.toBe(error);
    expect(await rows()).toEqual([]);
    expect(statements().at(-1)).toBe("ROLLBACK");
    expect(whole(pool)).toEqual([1, 1, 0]);
  });

  test("has rolled back when it rejects with the cancellation of a statement (TX-01)", async () => {
    const pool = newPool();
    const op = new Cancellable();
    const ending = op.settle(() =>
      withTransaction(pool, async (client) => {
        await insert(client, 1);
        await client.query("select pg_sleep(60), 'in the body'");
      }),
    );
    await view.whenRunning("'in the body'");
    op.cancel("quota");
    const outcome = await ending;
    expect(await inTransaction()).toEqual([]);
    expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "quota" } });
    expect(statements().at(-1)).toBe("ROLLBACK");
    expect(await rows()).toEqual([]);
    expect(whole(pool)).toEqual([1, 1, 0]);
  });

  test("has rolled back when it rejects with the cancellation of a wait between two statements (TX-01)", async () => {
    const pool = newPool();
    const op = new Cancellable();
    const ending = op.settle((own) =>
      withTransaction(pool, async (client) => {
        await insert(client, 1);
        own.cancel();
        await sleepForever();
      }),
    );
    expect(await ending).toMatchObject({ status: "cancelled" });
    expect(await inTransaction()).toEqual([]);
    expect(await rows()).toEqual([]);
    expect((await pool.query("select 1 as a")).rows).toEqual([{ a: 1 }]);
  });

  test("does not store a body that returned a value in a cancelled scope", async () => {
    const pool = newPool();
    const op = new Cancellable();
    const ending = op.settle((own) =>
      withTransaction(pool, async (client) => {
        await insert(client, 1);
        own.cancel();
        return 1;
      }),
    );
    expect(await ending).toMatchObject({ status: "cancelled" });
    expect(await rows()).toEqual([]);
    expect(statements()).not.toContain("COMMIT");
  });

  test("takes no connection and sends no BEGIN in a cancelled scope (TX-06)", async () => {
    const pool = newPool();
    let hasRun = false;
    const op = new Cancellable();
    const ending = op.settle((own) => {
      own.cancel();
      return withTransaction(pool, () => {
        hasRun = true;
      });
    });
    expect(await ending).toMatchObject({ status: "cancelled" });
    expect([hasRun, pool.totalCount]).toEqual([false, 0]);
    expect(statements()).toEqual([]);
  });

  test("ends the wait for a connection at once", async () => {
    const pool = newPool();
    const client = await pool.connect();
    const op = new Cancellable();
    const ending = op.settle(() => withTransaction(pool, () => 1));
    expect(pool.waitingCount).toBe(1);
    op.cancel();
    expect(await ending).toMatchObject({ status: "cancelled" });
    client.release();
    expect(statements()).toEqual([]);
    await expect.poll(() => whole(pool)).toEqual([1, 1, 0]);
  });

  describe("the bound of the rollback", () => {
    test("destroys a connection whose server does not answer (TX-02)", async () => {
      const proxy = await startProxy(server ?? { host: "", port: 0 });
      const pool = newPool({ connectionString: undefined, ...connectionOf(proxy.port) });
      const op = new Cancellable();
      let pid = 0;
      const ending = op.settle((own) =>
        withTransaction(
          pool,
          async (client) => {
            await insert(client, 1);
            pid = (await client.query("select pg_backend_pid() as pid")).rows[0].pid;
            proxy.freeze();
            own.cancel("quota");
            await sleepForever();
          },
          { rollbackTimeout: 50 },
        ),
      );
      expect(await ending).toMatchObject({ status: "cancelled", error: { reason: "quota" } });
      expect(reports.splice(0)).toEqual([
        "the rollback of a transaction: ROLLBACK has not ended within 50 ms, and the connection of a client of pg was destroyed",
      ]);
      expect(pool.totalCount).toBe(0);
      await proxy.stop();
      await untilGone(pid);
      expect(await rows()).toEqual([]);
    });

    test("lets the rollback end in a cancelled scope, and refuses a limit that is no time span", async () => {
      const pool = newPool();
      await expect(withTransaction(pool, () => 1, { rollbackTimeout: Number.NaN })).rejects.toThrow(
        "options.rollbackTimeout",
      );
      const ending = failAfter(60_000, (scope) =>
        withTransaction(pool, async (client) => {
          await insert(client, 1);
          scope.deadline = 0; // has passed
          await sleepForever();
        }),
      );
      await expect(ending).rejects.toMatchObject({ name: "TimeoutError" });
      expect(statements().at(-1)).toBe("ROLLBACK");
      expect(whole(pool)).toEqual([1, 1, 0]);
    });

    test("says when the answer to COMMIT did not come", async () => {
      const proxy = await startProxy(server ?? { host: "", port: 0 });
      const pool = newPool({ connectionString: undefined, ...connectionOf(proxy.port) });
      const ending = withTransaction(pool, async (client) => {
        await client.query("insert into slow values (60)");
        void view.whenRunning("COMMIT").then(() => proxy.cut());
      });
      const error = await ending.catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(CommitUnknownError);
      expect((error as Error).cause).toBeInstanceOf(Error);
      expect(pool.totalCount).toBe(0);
      await proxy.stop();
      await endCommits();
    });

    test("counts a cancelled COMMIT whose server does not answer as unknown, and as the cancellation", async () => {
      const proxy = await startProxy(server ?? { host: "", port: 0 });
      const raw = new pg.Pool({ ...connectionOf(proxy.port), max: 1 });
      pools.push(raw);
      const pool = cancellablePool(raw, { cancelTimeout: 50 });
      const op = new Cancellable();
      let error: unknown;
      const ending = op.settle(async () => {
        error = await withTransaction(pool, async (client) => {
          await client.query("insert into slow values (60)");
        }).catch((thrown: unknown) => thrown);
        throw error;
      });
      await view.whenRunning("COMMIT");
      proxy.freeze();
      op.cancel();
      expect(await ending).toMatchObject({ status: "cancelled" });
      expect(error).toBeInstanceOf(CommitUnknownError);
      expect(isCancellation((error as Error).cause)).toBe(true);
      expect(raw.totalCount).toBe(0);
      await proxy.stop();
      await endCommits();
    });

    test("gives the reason of the server for a connection that it closed between two statements", async () => {
      const pool = newPool();
      const ending = withTransaction(pool, async (client) => {
        await client.query("set idle_in_transaction_session_timeout = 20");
        await new Promise((resolve) => client.on("end", () => resolve(undefined)));
        await client.query("select 1");
      });
      await expect(ending).rejects.toMatchObject({ cause: { code: "25P03" } });
      expect(pool.totalCount).toBe(0);
    });

    test("rejects with the error of a connection that broke in the body", async () => {
      const pool = newPool();
      let pid = 0;
      const ending = withTransaction(pool, async (client) => {
        pid = (await client.query("select pg_backend_pid() as pid")).rows[0].pid;
        await view.client.query("select pg_terminate_backend($1)", [pid]);
        await client.query("select 1");
      });
      await expect(ending).rejects.toThrow(/terminat|not queryable/);
      expect(pool.totalCount).toBe(0);
      await untilGone(pid);
    });
  });

  function connectionOf(port: number): pg.PoolConfig {
    return { host: "127.0.0.1", port, user: "postgres", password: "secret", database: "postgres" };
  }

  describe("COMMIT", () => {
    test("of an aborted transaction rejects, with the error of the statement as the cause", async () => {
      const pool = newPool();
      await view.client.query("insert into t values (1)");
      const ending = withTransaction(pool, async (client) => {
        await insert(client, 2);
        await insert(client, 1).catch(() => {});
      });
      const error = await ending.catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(TransactionAbortedError);
      expect(error).toMatchObject({ code: "ERR_TRANSACTION_ABORTED", cause: { code: "23505" } });
      expect(await rows()).toEqual([1]);
    });

    test("is stopped by a cancellation, and nothing is stored", async () => {
      const pool = newPool();
      const op = new Cancellable();
      let error: unknown;
      const ending = op.settle(async () => {
        const stored = withTransaction(pool, async (client) => {
          await insert(client, 1);
          await client.query("insert into slow values (60)");
        });
        error = await stored.catch((thrown: unknown) => thrown);
        throw error;
      });
      await view.whenRunning("COMMIT");
      op.cancel();
      expect(await ending).toMatchObject({ status: "cancelled" });
      expect(error).toMatchObject({ name: "AbortError", cause: { code: "57014" } });
      expect(await rows()).toEqual([]);
      expect(statements().at(-1)).toBe("COMMIT"); // the server has undone it already
      expect(whole(pool)).toEqual([1, 1, 0]);
    });

    test("that the body has sent itself is an error", async () => {
      const pool = newPool();
      const ending = withTransaction(pool, async (client) => {
        await client.query("commit");
      });
      await expect(ending).rejects.toThrow("its body has sent COMMIT or ROLLBACK itself");
    });
  });

  describe("a transaction inside", () => {
    test("that is cancelled rolls back to its savepoint, and the outer one commits (TX-03)", async () => {
      const pool = newPool();
      await withTransaction(pool, async (client) => {
        await insert(client, 1);
        const scope = new CancelScope();
        const inner = scope.run(() =>
          withTransaction(client, async (own) => {
            await insert(own, 2);
            await own.query("select pg_sleep(60)");
            return "never";
          }),
        );
        await view.whenRunning("pg_sleep(60)");
        scope.cancel();
        expect(await inner).toBeUndefined();
        await insert(client, 3);
      });
      expect(await rows()).toEqual([1, 3]);
      expect(statements()).toEqual([
        "BEGIN",
        "insert into t values ($1)",
        "SAVEPOINT cancelable_1",
        "insert into t values ($1)",
        "select pg_sleep(60)",
        "ROLLBACK TO SAVEPOINT cancelable_1; RELEASE SAVEPOINT cancelable_1",
        "insert into t values ($1)",
        "COMMIT",
      ]);
    });

    test("works on the client of the outer body, at any depth, and releases its savepoint (TX-03)", async () => {
      const pool = newPool();
      await withTransaction(pool, async (client) => {
        await withTransaction(client, async () => {
          await insert(client, 1);
          const failure = withTransaction(client, async () => {
            await insert(client, 2);
            throw new Error("inner");
          });
          await expect(failure).rejects.toThrow("inner");
        });
        await insert(client, 3);
      });
      expect(await rows()).toEqual([1, 3]);
      expect(statements()).toContain("SAVEPOINT cancelable_2");
      expect(statements()).toContain("RELEASE SAVEPOINT cancelable_1");
    });

    test("whose body caught the error of a statement rejects, and the outer one goes on", async () => {
      const pool = newPool();
      await withTransaction(pool, async (client) => {
        await insert(client, 1);
        const inner = withTransaction(client, async (own) => {
          await insert(own, 1).catch(() => {});
        });
        await expect(inner).rejects.toMatchObject({
          code: "ERR_TRANSACTION_ABORTED",
          cause: { code: "23505" },
        });
        await insert(client, 2);
      });
      expect(await rows()).toEqual([1, 2]);
    });

    test("waits for another one on the same client, so that neither undoes what the other did", async () => {
      const pool = newPool();
      await withTransaction(pool, async (client) => {
        const failing = withTransaction(client, async (own) => {
          await insert(own, 1);
          await sleep(5);
          throw new Error("undone");
        });
        const results = await Promise.allSettled([failing, withTransaction(client, (own) => insert(own, 2))]);
        expect(results.map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
      });
      expect(await rows()).toEqual([2]);
    });

    test("refuses statements from outside of it, which its rollback would undo", async () => {
      const pool = newPool();
      await withTransaction(pool, async (client) => {
        let begun!: () => void;
        const hasBegun = new Promise<void>((resolve) => {
          begun = resolve;
        });
        const inner = withTransaction(client, async () => {
          begun();
          await sleep(20);
        });
        await hasBegun;
        await expect(insert(client, 1)).rejects.toMatchObject({ code: "ERR_BUSY" });
        await inner;
        await insert(client, 2);
      });
      expect(await rows()).toEqual([2]);
    });

    test("belongs to the outer one, also without an await", async () => {
      const pool = newPool();
      await withTransaction(pool, (client) => {
        void withTransaction(client, async (own) => {
          await insert(own, 1);
          await sleep(5);
          await insert(own, 2);
        });
      });
      expect(await rows()).toEqual([1, 2]);
      expect(statements().slice(-2)).toEqual(["RELEASE SAVEPOINT cancelable_1", "COMMIT"]);
      let inner: Promise<unknown> | undefined;
      const failing = withTransaction(pool, (client) => {
        inner = withTransaction(client, (own) => own.query("select pg_sleep(60)"));
        inner.catch(() => {});
        throw new Error("outer");
      });
      await expect(failing).rejects.toThrow("outer");
      await expect(inner).rejects.toThrow();
    });

    test("refuses the options of a transaction, before anything is sent", async () => {
      const pool = newPool();
      await withTransaction(pool, async (client) => {
        await expect(withTransaction(client, () => 1, { isolation: "serializable" })).rejects.toThrow(
          "options.isolation must be left out in a transaction inside another one",
        );
        await expect(withTransaction(client, () => 1, { attempts: 2 })).rejects.toThrow("options.attempts");
      });
      expect(statements()).toEqual(["BEGIN", "COMMIT"]);
    });

    test("on a single client is a savepoint in the body, and a transaction of its own elsewhere", async () => {
      const client = cancellableClient(new pg.Client({ connectionString: server?.connectionString }));
      await client.connect();
      const first = withTransaction(client, async () => {
        await withTransaction(client, (own) => insert(own, 1));
        await sleep(5);
        throw new Error("undone");
      });
      const second = withTransaction(client, (own) => insert(own, 2));
      await expect(first).rejects.toThrow("undone");
      await second;
      expect(await rows()).toEqual([2]);
      await client.query("begin");
      await expect(withTransaction(client, () => 1)).rejects.toMatchObject({ code: "ERR_BUSY" });
      await client.end();
    });
  });

  describe("serialization failures and deadlocks", () => {
    const fast = { attempts: 10, backoff: { initial: 1 } };

    test("are retried, also when COMMIT reports them (TX-04)", async () => {
      const pool = newPool({ max: 2 });
      await view.client.query("insert into t values (10), (20)");
      // Each reads what the other one writes.
      let runs = 0;
      let readers = 0;
      let bothRead!: () => void;
      const read = new Promise<void>((resolve) => {
        bothRead = resolve;
      });
      const change = (step: number) =>
        withTransaction(
          pool,
          async (client) => {
            runs++;
            const { rows: sum } = await client.query("select sum(n)::int as sum from t");
            readers++;
            if (readers === 2) bothRead();
            await read;
            await insert(client, sum[0].sum + step);
          },
          { isolation: "serializable", ...fast },
        );
      await Promise.all([change(1), change(2)]);
      expect(runs).toBeGreaterThan(2); // the server can refuse more than it must
      const [, , third, fourth] = await rows();
      // One saw the row of the other.
      expect([fourth === 30 + third + 1, fourth === 30 + third + 2]).toContain(true);
      expect(statements().filter((sql) => sql === "BEGIN ISOLATION LEVEL SERIALIZABLE")).toHaveLength(runs);
    });

    test("of COMMIT alone are retried (TX-04)", async () => {
      const pool = newPool();
      await view.client.query(
        `create function once_failing() returns trigger language plpgsql as $$ begin
           if new.n < 0 then raise exception 'not now' using errcode = '40001'; end if; return null; end $$`,
      );
      await view.client.query(
        `create constraint trigger failing after insert on t deferrable initially deferred
         for each row execute function once_failing()`,
      );
      let runs = 0;
      await withTransaction(
        pool,
        async (client) => {
          runs++;
          await insert(client, runs < 3 ? -runs : runs);
        },
        fast,
      );
      expect(await rows()).toEqual([3]);
      let more = 0;
      const failing = withTransaction(
        pool,
        async (client) => {
          more++;
          await insert(client, -1);
        },
        { ...fast, attempts: 2 },
      );
      await expect(failing).rejects.toMatchObject({ code: "40001" });
      expect(more).toBe(2);
      await view.client.query("drop trigger failing on t; drop function once_failing");
    });

    test("by a deadlock are retried (TX-04)", async () => {
      const pool = newPool({ max: 2 });
      await view.client.query("insert into t values (1), (2)");
      let waiting = 0;
      let both!: () => void;
      const bothHaveOne = new Promise<void>((resolve) => {
        both = resolve;
      });
      let runs = 0;
      const lock = (first: number, second: number) =>
        withTransaction(
          pool,
          async (client) => {
            runs++;
            await client.query("select from t where n = $1 for update", [first]);
            waiting++;
            if (waiting === 2) both();
            await bothHaveOne;
            await client.query("select from t where n = $1 for update", [second]);
          },
          fast,
        );
      await Promise.all([lock(1, 2), lock(2, 1)]);
      expect(runs).toBeGreaterThan(2); // the server can choose both as victims
    });

    test("are retried neither after a cancellation nor after the deadline (TX-04)", async () => {
      const pool = newPool();
      let runs = 0;
      const serializationFailure = (client: pg.ClientBase) =>
        client.query("do $$ begin raise exception 'again' using errcode = '40001'; end $$");
      const op = new Cancellable();
      const cancelled = op.run((own) =>
        withTransaction(pool, async (client) => {
          runs++;
          const failing = serializationFailure(client);
          await failing.catch(() => own.cancel());
          await failing;
        }),
      );
      await expect(cancelled).rejects.toMatchObject({ code: "40001" });
      expect(runs).toBe(1);
      const late = failAfter(5_000, () =>
        withTransaction(
          pool,
          async (client) => {
            runs++;
            await serializationFailure(client);
          },
          { attempts: 5, backoff: () => 60_000 },
        ),
      );
      await expect(late).rejects.toMatchObject({ code: "40001" });
      expect(runs).toBe(2);
    });
  });

  describe("the client of the body", () => {
    test("belongs to the body: its statements are awaited, also without `await`", async () => {
      const pool = newPool();
      await withTransaction(pool, (client) => {
        void insert(client, 1);
        client.query("insert into t values (2)", () => {});
        void client.query("select pg_sleep(0.02)").then(() => insert(client, 3));
      });
      expect(await rows()).toEqual([1, 2, 3]);
    });

    test("makes the transaction fail when a statement fails that no code awaits", async () => {
      const pool = newPool();
      await view.client.query("insert into t values (1)");
      const ending = withTransaction(pool, (client) => {
        void insert(client, 2);
        void insert(client, 1);
      });
      await expect(ending).rejects.toMatchObject({ code: "23505" });
      expect(await rows()).toEqual([1]);
    });

    test("stops its statements when the body throws", async () => {
      const pool = newPool();
      let running: Promise<unknown> | undefined;
      const ending = withTransaction(pool, async (client) => {
        running = client.query("select pg_sleep(60), 'left behind'");
        running.catch(() => {});
        await view.whenRunning("'left behind'");
        throw new Error("thrown");
      });
      await expect(ending).rejects.toThrow("thrown");
      expect(await view.running("'left behind'")).toBe(0);
      expect(isCancellation(await running?.catch((error: unknown) => error))).toBe(true);
      expect(whole(pool)).toEqual([1, 1, 0]);
    });

    test("cannot be used after the end, and the body cannot give it back", async () => {
      const pool = newPool();
      let client: pg.PoolClient | undefined;
      await withTransaction(pool, (own) => {
        client = own;
        expect(() => own.release()).toThrow("the transaction gives it back at its end");
        expect(own).toBeInstanceOf(pg.Client);
      });
      await expect(client?.query("select 1")).rejects.toMatchObject({ code: "ERR_CLOSED" });
      const called = await new Promise((resolve) => client?.query("select 1", resolve as () => void));
      expect(called).toMatchObject({ code: "ERR_CLOSED" });
      const query = client?.query(new pg.Query("select 1"));
      const told = await new Promise((resolve) => query?.on("error", resolve));
      expect(told).toMatchObject({ code: "ERR_CLOSED" });
      await expect(withTransaction(client as pg.PoolClient, () => 1)).rejects.toMatchObject({
        code: "ERR_CLOSED",
      });
      expect(statements()).toEqual(["BEGIN", "COMMIT"]);
    });

    test("goes on in a shield after a cancellation", async () => {
      const pool = newPool();
      const op = new Cancellable();
      const ending = op.settle((own) =>
        withTransaction(pool, (client) =>
          shield(async () => {
            own.cancel();
            await insert(client, 1);
          }),
        ),
      );
      expect(await ending).toMatchObject({ status: "cancelled" });
      expect(await rows()).toEqual([]); // COMMIT is outside of the shield
    });
  });

  test.skipIf(bouncer === undefined)(
    "rolls back through PgBouncer in transaction mode, too (TX-01)",
    async () => {
      const pool = newPool({ connectionString: bouncer?.connectionString });
      const op = new Cancellable();
      const ending = op.settle(() =>
        withTransaction(pool, async (client) => {
          await insert(client, 1);
          await client.query("select pg_sleep(60), 'behind PgBouncer'");
        }),
      );
      await view.whenRunning("'behind PgBouncer'");
      op.cancel();
      expect(await ending).toMatchObject({ status: "cancelled" });
      expect(await inTransaction()).toEqual([]);
      await withTransaction(pool, (client) => insert(client, 2));
      expect(await rows()).toEqual([2]);
    },
  );

  test("undoes a transaction that an earlier user of the connection has left open, and says so", async () => {
    const pool = newPool();
    const client = await pool.connect();
    await client.query("begin");
    await insert(client, 1);
    client.release();
    await withTransaction(pool, (own) => insert(own, 2));
    expect(await rows()).toEqual([2]);
    expect(reports.splice(0)).toEqual([expect.stringContaining("an earlier user had left open")]);
  });

  test("begins with the isolation level and the access mode", async () => {
    const pool = newPool();
    const writing = withTransaction(pool, (client) => insert(client, 1), {
      isolation: "repeatable read",
      readOnly: true,
    });
    await expect(writing).rejects.toMatchObject({ code: "25006" });
    await withTransaction(pool, (client) => insert(client, 1), { readOnly: false });
    expect(statements().filter((sql) => sql.startsWith("BEGIN"))).toEqual([
      "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
      "BEGIN READ WRITE",
    ]);
  });

  test("refuses wrong arguments, before it takes a connection", async () => {
    const pool = newPool();
    const call = withTransaction as (...args: unknown[]) => Promise<unknown>; // wrong on purpose
    await expect(call({}, () => 1)).rejects.toThrow("client must be a Client of pg");
    await expect(call(pool)).rejects.toThrow("body must be a function; got undefined");
    await expect(call(pool, () => 1, { isolation: "chaos" })).rejects.toThrow("options.isolation");
    await expect(call(pool, () => 1, { readOnly: 1 })).rejects.toThrow("options.readOnly");
    await expect(call(pool, () => 1, { attempts: 0 })).rejects.toThrow("options.attempts");
    await expect(call(pool, () => 1, { retries: 3 })).rejects.toThrow("did you mean attempts?");
    expect(pool.totalCount).toBe(0);
  });

  test("rejects in a pool that has ended", async () => {
    const pool = newPool();
    pools.pop();
    await pool.end();
    await expect(withTransaction(pool, () => 1)).rejects.toThrow("Cannot use a pool after calling end");
  });
});
