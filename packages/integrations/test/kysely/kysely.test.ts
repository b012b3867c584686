import {
  Cancellable,
  CancelScope,
  currentScope,
  isCancellation,
  moveOnAfter,
  setReporter,
  sleepForever,
} from "@hother/cancelable";
import * as kysely28 from "kysely";
import * as kysely29 from "kysely29";
import pg from "pg";
import Cursor from "pg-cursor";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { cancellableDialect, StatementNotSentError } from "../../src/kysely/index.ts";
import { cancellablePool } from "../../src/pg/index.ts";
import { startPostgres } from "../servers/postgres.ts";

const server = await startPostgres();
afterAll(() => server?.stop());

interface Tables {
  t: { a: number };
}

// The types of 0.29 are those of 0.28 as far as they are used here.
const versions = { "kysely 0.28": kysely28, "kysely 0.29": kysely29 as unknown as typeof kysely28 };

/** The error of a call in an operation, which the operation itself would replace by its own. */
async function errorIn(op: Cancellable, call: () => Promise<unknown>): Promise<unknown> {
  let caught: unknown;
  await op.settle(async () => {
    try {
      await call();
    } catch (error) {
      caught = error;
      throw error;
    }
  });
  return caught;
}

describe.skipIf(server === undefined).each(Object.entries(versions))(
  "%s",
  (_version, { Kysely, PostgresDialect, sql }) => {
    let observer: pg.Client;
    let pool: pg.Pool;
    let db: kysely28.Kysely<Tables>;
    const output = [vi.spyOn(console, "error"), vi.spyOn(console, "log"), vi.spyOn(console, "warn")];

    beforeAll(async () => {
      observer = new pg.Client({ connectionString: server?.connectionString });
      await observer.connect();
      await observer.query("drop table if exists t; create table t (a int)");
    });
    afterAll(() => observer.end());
    beforeEach(() => {
      for (const spy of output) spy.mockClear();
      pool = new pg.Pool({ connectionString: server?.connectionString, max: 1 });
      const dialect = new PostgresDialect({ pool: cancellablePool(pool), cursor: Cursor });
      db = new Kysely<Tables>({ dialect: cancellableDialect(dialect) });
    });
    afterEach(async () => {
      await db.destroy();
      // The pool does not wait until the server has ended its sessions.
      await expect.poll(states).toEqual([]);
      await observer.query("truncate t");
      for (const spy of output) expect(spy).not.toHaveBeenCalled();
    });

    const running = async (text: string): Promise<number> => {
      const { rows } = await observer.query(
        "select pid from pg_stat_activity where state = 'active' and pid <> pg_backend_pid() and query like $1",
        [`%${text}%`],
      );
      return rows.length;
    };
    const seen = (text: string) => expect.poll(() => running(text)).toBe(1);
    const states = async (): Promise<string[]> => {
      const { rows } = await observer.query(
        "select state from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()",
      );
      return rows.map(({ state }) => state);
    };
    const stored = async () => (await observer.query("select a from t order by a")).rows.map(({ a }) => a);
    const isWhole = async () => {
      expect((await sql<{ one: number }>`select 1 as one`.execute(db)).rows).toEqual([{ one: 1 }]);
      expect(pool).toMatchObject({ totalCount: 1, idleCount: 1, waitingCount: 0 });
    };

    test("a cancelled statement is gone when its promise rejects, and the next one is right (PG-20, PG-01, PG-02)", async () => {
      for (let i = 0; i < 5; i++) {
        const op = new Cancellable();
        const ending = errorIn(op, () => sql`select pg_sleep(100), 'query'`.execute(db));
        await seen("'query'");
        op.cancel("quota");
        const error = await ending;
        expect(await running("'query'")).toBe(0);
        expect(error).toMatchObject({ reason: "quota", cause: { code: "57014" } });
        await isWhole();
      }
      for (let i = 0; i < 60; i++) {
        const op = new Cancellable();
        const ending = op.settle(() => sql`select pg_sleep(0.001)`.execute(db));
        setTimeout(() => op.cancel(), i % 4);
        await ending;
        expect((await sql`select ${i}::int as i from pg_sleep(0.001)`.execute(db)).rows).toEqual([{ i }]);
      }
    });

    test("a statement in a transaction is gone, and the transaction rolled back, when its promise rejects (PG-20)", async () => {
      const op = new Cancellable();
      const ending = op.settle(() =>
        db.transaction().execute(async (trx) => {
          await trx.insertInto("t").values({ a: 1 }).execute();
          await sql`select pg_sleep(100), 'in a transaction'`.execute(trx);
        }),
      );
      await seen("'in a transaction'");
      op.cancel();
      expect((await ending).status).toBe("cancelled");
      expect(await states()).toEqual(["idle"]);
      expect(await stored()).toEqual([]);
      await isWhole();
    });

    test("a transaction whose body waits or swallows the cancellation is rolled back (TX-01)", async () => {
      for (const swallows of [false, true]) {
        const op = new Cancellable();
        const outcome = await op.settle(() =>
          db.transaction().execute(async (trx) => {
            await trx.insertInto("t").values({ a: 1 }).execute();
            op.cancel();
            if (!swallows) await sleepForever();
          }),
        );
        expect(outcome.status).toBe("cancelled");
        expect(await states()).toEqual(["idle"]);
      }
      expect(await stored()).toEqual([]);
      await db.transaction().execute((trx) => trx.insertInto("t").values({ a: 2 }).execute());
      expect(await stored()).toEqual([2]);
      await isWhole();
    });

    test("a controlled transaction goes back to its savepoint in a cancelled scope, and can be rolled back there (TX-03)", async () => {
      const scope = new CancelScope();
      await scope.run(async () => {
        const trx = await db.startTransaction().execute();
        await trx.insertInto("t").values({ a: 1 }).execute();
        const inner = await trx.savepoint("inner").execute();
        await moveOnAfter(30, async () => {
          try {
            await sql`select pg_sleep(100)`.execute(inner);
          } finally {
            await inner.rollbackToSavepoint("inner").execute();
          }
        });
        await trx.commit().execute();
        const second = await db.startTransaction().execute();
        await second.insertInto("t").values({ a: 2 }).execute();
        scope.cancel();
        await second.rollback().execute();
      });
      expect(await stored()).toEqual([1]);
      await isWhole();
    });

    test("a wait for a connection ends at once, and nothing is sent in a cancelled scope (TX-06, PG-07)", async () => {
      await observer.query("select pg_advisory_lock(1)");
      const held = sql`select pg_advisory_xact_lock(1), 'held'`.execute(db);
      await seen("'held'");
      const ops = Array.from({ length: 20 }, () => new Cancellable());
      const waiting = Promise.all(
        ops.map((op, i) =>
          errorIn(op, () =>
            i % 2 === 0 ? sql`select 1`.execute(db) : db.transaction().execute(() => expect.unreachable()),
          ),
        ),
      );
      for (const op of ops) op.cancel();
      expect(await Promise.race([held, waiting])).toBeInstanceOf(Array);
      for (const error of await waiting) expect(isCancellation(error)).toBe(true);
      const late = new Cancellable();
      const second = errorIn(late, () => sql`select 1`.execute(db));
      setTimeout(() => late.cancel(), 20);
      expect(await second).toMatchObject({ cause: expect.any(StatementNotSentError) });
      await observer.query("select pg_advisory_unlock(1)");
      await held;
      await new Cancellable().settle(async (op) => {
        op.cancel();
        const error = await sql`select 1`.execute(db).catch((reason: unknown) => reason);
        expect(error).toBe(currentScope().error);
      });
      await isWhole();
    });

    test("a stream that is cancelled or left gives its connection back", async () => {
      const op = new Cancellable();
      const outcome = await op.settle(async () => {
        const stream = sql<{ n: number }>`select n from generate_series(1, 100) n`;
        const query = stream.compile(db);
        for await (const { rows } of db.getExecutor().stream<{ n: number }>(query, 10)) {
          expect(rows.length).toBe(10);
          op.cancel();
        }
      });
      expect(outcome.status).toBe("cancelled");
      await isWhole();
      await db
        .insertInto("t")
        .values([{ a: 1 }, { a: 2 }])
        .execute();
      for await (const row of db.selectFrom("t").selectAll().stream(1)) {
        expect(row).toEqual({ a: 1 });
        break;
      }
      await isWhole();
    });

    test("other errors stay themselves, and a shield protects", async () => {
      await new Cancellable().settle(async (op) => {
        await expect(sql`select 1/0`.execute(db)).rejects.toMatchObject({ code: "22012" });
        op.cancel();
        await op.shield(isWhole);
      });
    });
  },
);

test("a connection that arrives late and cannot be given back is reported", async () => {
  const broken = new Error("the connection cannot be given back");
  const reported: unknown[] = [];
  const previous = setReporter((error) => reported.push(error));
  let arrive!: () => void;
  const driver = {
    acquireConnection: () => new Promise<object>((resolve) => (arrive = () => resolve({}))),
    releaseConnection: () => {
      throw broken;
    },
  };
  const part = () => ({});
  const dialect = cancellableDialect({
    createDriver: () => driver,
    createQueryCompiler: part,
    createAdapter: part,
    createIntrospector: part,
  });
  try {
    const wrapped = dialect.createDriver() as typeof driver;
    const scope = new CancelScope();
    const taking = scope.run(() => wrapped.acquireConnection());
    scope.cancel();
    await taking;
    arrive();
    await expect.poll(() => reported).toEqual([broken]);
  } finally {
    setReporter(previous);
  }
});

test("wrong arguments are refused", () => {
  const wrong = (value: unknown): never => value as never;
  expect(() => cancellableDialect(wrong({}))).toThrow("dialect must be a dialect of Kysely");
  expect(() => cancellableDialect(wrong(undefined))).toThrow("dialect must be a dialect of Kysely");
  const dialect = new kysely28.PostgresDialect({ pool: wrong({}) });
  expect(() => cancellableDialect(dialect, wrong({ limit: 1 }))).toThrow("limit");
});
