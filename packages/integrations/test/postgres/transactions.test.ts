import {
  Cancellable,
  CancelScope,
  isCancellation,
  moveOnAfter,
  setReporter,
  sleep,
  sleepForever,
} from "@hother/cancelable";
import postgres from "postgres";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { cancellablePostgres } from "../../src/postgres/index.ts";
import { startProxy } from "../servers/proxy.ts";
import { type Observed, startObserved } from "./server.ts";

const server = (await startObserved({ logStatements: true })) as Observed;
afterAll(() => server?.stop());

const connect = (options: postgres.Options<Record<string, never>> = {}): postgres.Sql =>
  cancellablePostgres(
    postgres(server.connectionString, { onnotice() {}, max: 1, ...options }),
  ) as postgres.Sql;

describe.skipIf(server === undefined).each([true, false])(
  "a transaction, with fetch_types %s",
  (fetch_types) => {
    let sql: postgres.Sql;
    beforeAll(async () => {
      await server.observer.unsafe("drop table if exists t; create table t (a int)");
    });
    beforeEach(() => {
      sql = connect({ fetch_types });
    });
    afterEach(async () => {
      await sql.end({ timeout: 5 });
      await server.observer`truncate t`;
    });
    const rows = async () => (await server.observer`select a from t order by a`).map(({ a }) => a);

    test("commits, with the value of its body or of the queries that it returns", async () => {
      await new Cancellable().run(async () => {
        expect(await sql.begin(async (tx) => (await tx`insert into t values (1) returning a`)[0]?.a)).toBe(1);
        const [first, second] = await sql.begin("read write", (tx) => [
          tx`insert into t values (2) returning a`,
          tx`insert into t values (${3}) returning a`,
        ]);
        expect([first, second]).toEqual([[{ a: 2 }], [{ a: 3 }]]);
      });
      expect(await sql.begin((tx) => tx`insert into t values (4) returning a`)).toEqual([{ a: 4 }]);
      expect(await rows()).toEqual([1, 2, 3, 4]);
    });

    test("that is cancelled in its body is rolled back before its promise settles (TX-01)", async () => {
      const op = new Cancellable();
      let seen: unknown;
      const outcome = await op.settle(async () => {
        try {
          await sql.begin(async (tx) => {
            await tx`insert into t values (1)`;
            op.cancel("quota");
            await sleepForever();
          });
        } catch (error) {
          seen = error;
          expect(await op.shield(() => server.states())).toEqual(["idle"]);
          throw error;
        }
      });
      expect(outcome.status).toBe("cancelled");
      expect(isCancellation(seen, { reason: "quota" })).toBe(true);
      expect(await rows()).toEqual([]);
    });

    test("that is cancelled in a statement stops it and is rolled back", async () => {
      const op = new Cancellable();
      const ending = op.settle(() =>
        sql.begin(async (tx) => {
          await tx`insert into t values (1)`;
          await tx`select pg_sleep(${100}), 'in a transaction'`;
        }),
      );
      await server.seen("'in a transaction'");
      op.cancel();
      expect((await ending).status).toBe("cancelled");
      expect(await server.states()).toEqual(["idle"]);
      expect(await rows()).toEqual([]);
      expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);
    });

    test("whose body swallows the cancellation is rolled back, and so is one with a failed statement", async () => {
      const op = new Cancellable();
      const outcome = await op.settle(() =>
        sql.begin(async (tx) => {
          await tx`insert into t values (1)`;
          op.cancel();
        }),
      );
      expect(outcome.status).toBe("cancelled");
      const failed = sql.begin(async (tx) => {
        await tx`insert into t values (2)`;
        await tx`select 1/0`.catch(() => {});
      });
      await expect(failed).rejects.toMatchObject({ code: "22012" });
      const limited = sql.begin(async (tx) => {
        await tx`insert into t values (3)`;
        await moveOnAfter(30, () => tx`select pg_sleep(100)`);
      });
      await expect(limited).rejects.toMatchObject({ name: "TimeoutError" });
      expect(await rows()).toEqual([]);
    });

    test("rejects when a savepoint could not be set, although its body swallows the error", async () => {
      await server.observer.unsafe("drop database if exists latin");
      await server.observer.unsafe(
        "create database latin encoding 'LATIN1' lc_collate 'C' lc_ctype 'C' template template0",
      );
      const latin = connect({ fetch_types, database: "latin" });
      try {
        await latin`create table t (a int)`;
        const failed = latin.begin(async (tx) => {
          await tx`insert into t values (1)`;
          await tx.savepoint("\u65e5", () => 1).catch(() => {}); // LATIN1 has no such character
        });
        await expect(failed).rejects.toMatchObject({ code: "22P05" });
        expect(await latin`select a from t`).toEqual([]);
      } finally {
        await latin.end({ timeout: 5 });
      }
    });

    test("takes no connection and sends no BEGIN in a cancelled scope (TX-06)", async () => {
      const before = server.statements().length;
      const op = new Cancellable();
      await op.settle(async () => {
        op.cancel();
        await sql.begin(() => expect.unreachable());
      });
      expect(server.statements().slice(before)).toEqual([]);
    });

    test("commits what lies outside of a savepoint whose scope was cancelled (TX-03)", async () => {
      await new Cancellable().run(() =>
        sql.begin(async (tx) => {
          await tx`insert into t values (1)`;
          const scope = new CancelScope();
          const inner = scope.run(() =>
            tx.savepoint("in ner", async (sp) => {
              await sp`insert into t values (2)`;
              await sp.savepoint((deeper) => deeper`insert into t values (3)`);
              await sp`select pg_sleep(100), 'in a savepoint'`;
            }),
          );
          await server.seen("'in a savepoint'");
          scope.cancel();
          expect(await inner).toBe(undefined);
          await tx.savepoint((sp) => sp`insert into t values (4)`);
          await tx.savepoint((sp) => sp`select 1/0`).catch(() => {});
        }),
      );
      expect(await rows()).toEqual([1, 4]);
    });

    test("sends its statements one after the other, and one that waits leaves the line", async () => {
      await server.observer`select pg_advisory_lock(1)`;
      await new Cancellable().run(() =>
        sql.begin(async (tx) => {
          const slow = tx`select pg_advisory_xact_lock(1)`.execute();
          const waiting = moveOnAfter(30, () => tx`insert into t values (1)`);
          expect(await waiting).toBe(undefined);
          await server.observer`select pg_advisory_unlock(1)`;
          await slow;
          await tx`insert into t values (2)`;
        }),
      );
      expect(await rows()).toEqual([2]);
    });

    test("cancels its other statements when its body fails, and refuses statements after its end", async () => {
      let late!: postgres.TransactionSql;
      const failed = new Cancellable().run(() =>
        sql.begin(async (tx) => {
          late = tx;
          void tx`select pg_sleep(100), 'left over'`.execute().catch(() => {});
          await sleep(30);
          throw new Error("broken");
        }),
      );
      await expect(failed).rejects.toThrow("broken");
      expect(await server.running("'left over'")).toEqual([]);
      await expect(late`select 1`).rejects.toMatchObject({ code: "TRANSACTION_ENDED" });
      expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);
    });

    test("ends when its connection closes, also between statements", async () => {
      const failed = new Cancellable().run(() =>
        sql.begin(async (tx) => {
          const [row] = await tx`select pg_backend_pid() as pid`;
          await server.observer`select pg_terminate_backend(${row?.pid})`;
          await sleepForever();
        }),
      );
      await expect(failed).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
      expect(await new Cancellable().run(() => sql`select 1 as one`)).toEqual([{ one: 1 }]);
    });
  },
);

test.skipIf(server === undefined)(
  "a rollback that gets no answer is given up after the limit (TX-02)",
  async () => {
    const proxy = await startProxy(server);
    const reported: unknown[] = [];
    const previous = setReporter((error) => reported.push(error));
    const sql = cancellablePostgres(
      postgres({ host: proxy.host, port: proxy.port, user: server.user, database: server.database, max: 2 }),
      { cancelTimeout: 200 },
    );
    try {
      const op = new Cancellable();
      const outcome = await op.settle(() =>
        sql.begin(async (tx) => {
          await tx`select 1`;
          proxy.freeze();
          op.cancel();
          await tx`select 2`;
        }),
      );
      expect(outcome.status).toBe("cancelled");
      expect(reported.map(String)).toContain(
        "Error: rollback has not ended within 200 ms, and its connection was destroyed",
      );
      proxy.cut();
      proxy.thaw();
      expect(await new Cancellable().run(() => sql`select 1 as one`)).toEqual([{ one: 1 }]);
      await expect.poll(() => server.states()).not.toContain("idle in transaction");
    } finally {
      setReporter(previous);
      await sql.end({ timeout: 5 });
      await proxy.stop();
    }
  },
);
