import { Cancellable, currentScope, isCancellation, moveOnAfter, shield, sleep } from "@hother/cancelable";
import postgres from "postgres";
import { afterAll, describe, expect, test } from "vitest";
import { cancellablePostgres, StatementNotSentError } from "../../src/postgres/index.ts";
import { type Observed, startObserved } from "./server.ts";

const server = (await startObserved({ logStatements: true })) as Observed;
afterAll(() => server?.stop());

/** Runs `body` with a wrapped pool, and ends it. */
async function withPool<T>(
  options: postgres.Options<Record<string, never>>,
  body: (sql: postgres.Sql) => Promise<T>,
): Promise<T> {
  const sql = cancellablePostgres(
    postgres(server.connectionString, { onnotice() {}, ...options }),
  ) as postgres.Sql;
  try {
    return await body(sql);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

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

const fetchTypes = [true, false] as const;

describe.skipIf(server === undefined).each(fetchTypes)("a statement, with fetch_types %s", (fetch_types) => {
  test("is gone from the server when its promise rejects (PG-01)", () =>
    withPool({ max: 2, fetch_types }, async (sql) => {
      for (const seconds of [100, 101]) {
        const op = new Cancellable();
        const query = errorIn(op, () => sql`select pg_sleep(${seconds})`);
        await server.seen("pg_sleep($1)");
        op.cancel("quota");
        const error = await query;
        expect(await server.running("pg_sleep($1)")).toEqual([]);
        const cause = { code: "57014", name: "PostgresError" };
        expect(error).toMatchObject({ reason: "quota", cause });
        expect(isCancellation(error, op)).toBe(true);
      }
      expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);
    }));

  test("that was cancelled before its connection was there costs no connection (PG-17)", async () => {
    for (let pool = 0; pool < 5; pool++)
      await withPool({ max: 1, fetch_types }, async (sql) => {
        for (let i = 0; i < 20; i++) {
          const op = new Cancellable();
          const error = await errorIn(op, async () => {
            const query = sql`select ${"never"}::text`.execute();
            // The first query of a pool waits for the connection.
            if (i === 0) setImmediate(() => op.cancel());
            else op.cancel();
            await query;
          });
          if (i === 0) expect(error).toMatchObject({ cause: expect.any(StatementNotSentError) });
          else expect(isCancellation(error, op)).toBe(true);
          expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);
        }
      });
    expect(server.statements().join("\n")).not.toContain("$1::text");
  });

  test("of a pool of one leaves its neighbours alone (PG-18)", () =>
    withPool({ max: 1, fetch_types }, async (sql) => {
      const op = new Cancellable();
      const settled = await op
        .run(() =>
          Promise.allSettled(
            Array.from({ length: 20 }, async (_, i) => {
              if (i % 2 === 1) return sql`select ${i}::int as i from pg_sleep(0.002)`;
              return new Cancellable().run(async (one) => {
                const query = sql`select ${i}::int as i from pg_sleep(100)`.execute();
                setTimeout(() => one.cancel(), 10 + 3 * i);
                return query;
              });
            }),
          ),
        )
        .catch(() => []);
      expect(settled.map(({ status }) => status)).toEqual(
        Array.from({ length: 20 }, (_, i) => (i % 2 === 1 ? "fulfilled" : "rejected")),
      );
      expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);
    }));

  test(
    "that is cancelled late does not hit the next one of its connection (PG-02)",
    () =>
      withPool({ max: 1, fetch_types }, async (sql) => {
        const ends = { cancelled: 0, completed: 0 };
        for (let i = 0; i < 100; i++) {
          const op = new Cancellable();
          const seconds = i % 10 === 0 ? 100 : 0.001; // the short ones can all have ended before
          const ending = op.settle(() => sql`select pg_sleep(${seconds}), ${i}::int`);
          setTimeout(() => op.cancel(), i % 4);
          const next = ending.then(() => sql`select ${i}::int as i from pg_sleep(0.001)`);
          const root = sql`select ${i}::int as i from pg_sleep(0.001)`;
          const { status } = await ending;
          if (status === "cancelled") ends.cancelled++;
          else ends.completed++;
          expect(await next).toEqual([{ i }]);
          expect(await root).toEqual([{ i }]);
        }
        expect(ends.cancelled).toBeGreaterThanOrEqual(10);
      }),
    60_000,
  );

  test("that postgres.js cannot build fails alone", () =>
    withPool({ max: 1, fetch_types }, async (sql) => {
      await new Cancellable().run(async () => {
        for (let i = 0; i < 3; i++) {
          const wrong = sql`select ${undefined as never}`;
          const right = sql`select 1 as one`;
          const results = await Promise.allSettled([wrong, right]);
          expect(results).toMatchObject([{ reason: { code: "UNDEFINED_VALUE" } }, { value: [{ one: 1 }] }]);
        }
      });
    }));

  test("that fails with another error keeps it, in a cancelled scope too (PG-05)", () =>
    withPool({ max: 2, fetch_types }, async (sql) => {
      await expect(
        new Cancellable().run(async () => {
          await sql`select 1/${0}::int`;
        }),
      ).rejects.toMatchObject({ code: "22012" });
      const limit = new Cancellable().run(
        () => sql.unsafe("set statement_timeout = 20; select pg_sleep(10)") as Promise<unknown>,
      );
      await expect(limit).rejects.toMatchObject({ name: "PostgresError", code: "57014" });
      expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);
    }));
});

describe.skipIf(server === undefined)("a statement", () => {
  test("of a cancelled scope is not sent, one in a shield is, and one outside of a scope is as before", () =>
    withPool({ max: 1 }, async (sql) => {
      const op = new Cancellable();
      const outcome = await op.settle(async () => {
        op.cancel();
        const error = await sql`select 'cancelled scope'`.catch((reason: unknown) => reason);
        expect(error).toBe(currentScope().error);
        expect(await shield(() => sql`select 'in a shield' as a`)).toEqual([{ a: "in a shield" }]);
        throw error;
      });
      expect(outcome.status).toBe("cancelled");
      expect(await sql`select 'outside' as a`).toEqual([{ a: "outside" }]);
      const statements = server.statements().join("\n");
      expect(statements).toContain("in a shield");
      expect(statements).not.toContain("cancelled scope");
    }));

  test("belongs to the scope in which it is awaited first", () =>
    withPool({ max: 1 }, async (sql) => {
      const query = sql`select pg_sleep(100), 'lazy'`;
      const op = new Cancellable();
      const ending = op.settle(() => query);
      await server.seen("'lazy'");
      op.cancel();
      expect((await ending).status).toBe("cancelled");
      expect(await server.running("'lazy'")).toEqual([]);
    }));

  test("that waits for a connection ends at once, is never sent, and leaves the running one alone (PG-04, PG-07)", () =>
    withPool({ max: 1 }, async (sql) => {
      await server.observer`select pg_advisory_lock(1)`;
      const running = new Cancellable().run(() => sql`select 'kept' as a from pg_advisory_lock(1)`);
      await server.seen("'kept'");
      const waiters = Array.from({ length: 100 }, () => new Cancellable());
      const endings = waiters.map((op, i) =>
        errorIn(op, () => (i % 2 === 0 ? sql`select 'waiter'` : sql.begin(() => expect.unreachable()))),
      );
      await sleep(5);
      for (const op of waiters) op.cancel();
      for (const error of await Promise.all(endings))
        expect(error).toMatchObject({ reason: "manual", cause: expect.any(StatementNotSentError) });
      await server.observer`select pg_advisory_unlock(1)`;
      expect(await running).toEqual([{ a: "kept" }]);
      expect(await new Cancellable().run(() => sql`select 1 as one`)).toEqual([{ one: 1 }]);
      expect(server.statements().join("\n")).not.toContain("waiter");
    }));

  test("with 50 at once of which half are cancelled: no wrong victim, and the pool is whole (PG-03)", () =>
    withPool({ max: 10 }, async (sql) => {
      for (let round = 0; round < 4; round++) {
        const results = await Promise.allSettled(
          Array.from({ length: 50 }, async (_, i) => {
            const op = new Cancellable();
            const query = op.run(() => sql`select ${i}::int as i from pg_sleep(0.003)`);
            if (i % 2 === 0) setTimeout(() => op.cancel(), 3 * Math.floor(i / 10));
            return query;
          }),
        );
        for (const [i, result] of results.entries())
          if (i % 2 === 1) expect(result).toMatchObject({ status: "fulfilled", value: [{ i }] });
      }
      const all = await Promise.all(
        Array.from({ length: 10 }, (_, i) => sql`select ${i}::int as i from pg_sleep(0.05)`),
      );
      expect(all.flat().map(({ i }) => i)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }));

  test("ends also by its own cancel(), with the error of postgres.js", () =>
    withPool({ max: 1 }, async (sql) => {
      await new Cancellable().run(async () => {
        const running = sql`select pg_sleep(100), 'own'`.execute();
        await server.seen("'own'");
        const waiting = sql`select 'behind'`.execute();
        waiting.cancel();
        await expect(waiting).rejects.toMatchObject({ code: "57014" });
        running.cancel();
        await expect(running).rejects.toMatchObject({ code: "57014", name: "PostgresError" });
        expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);
      });
    }));

  test("that failed after its first rows leaves nothing behind for the next one", () =>
    withPool({ max: 1 }, async (sql) => {
      await new Cancellable().run(async () => {
        const reserved = await sql.reserve();
        await expect(reserved`select 1/(3 - n) from generate_series(1, 5) n`).rejects.toMatchObject({
          code: "22012",
        });
        expect(await reserved`select 1 as one`).toEqual([{ one: 1 }]);
        reserved.release();
        await expect(sql`select 1/(3 - n) from generate_series(1, 5) n`).rejects.toMatchObject({
          code: "22012",
        });
      });
      expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);
    }));

  test("of a limit gives up at the limit", () =>
    withPool({ max: 1 }, async (sql) => {
      expect(await moveOnAfter(50, () => sql`select pg_sleep(100), 'limit'`)).toBe(undefined);
      expect(await server.running("'limit'")).toEqual([]);
    }));
});
