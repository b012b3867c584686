import { Cancellable, moveOnAfter } from "@hother/cancelable";
import postgres from "postgres";
import { afterAll, describe, expect, test } from "vitest";
import { cancellablePostgres } from "../../src/postgres/index.ts";
import { startProxy } from "../servers/proxy.ts";
import { type Observed, startObserved } from "./server.ts";

const server = (await startObserved()) as Observed;
afterAll(() => server?.stop());

describe.skipIf(server === undefined)("postgres.js with faults", () => {
  test("a statement that gets no answer is given up after the limit, and the pool goes on", async () => {
    const proxy = await startProxy(server);
    const sql = cancellablePostgres(
      postgres({ host: proxy.host, port: proxy.port, user: server.user, database: server.database, max: 2 }),
      { cancelTimeout: 200 },
    );
    try {
      const op = new Cancellable();
      const ending = op.settle(() => sql`select pg_sleep(100), 'frozen'`);
      await server.seen("'frozen'");
      proxy.freeze();
      op.cancel();
      expect((await ending).status).toBe("cancelled");
      proxy.cut();
      proxy.thaw();
      expect(await new Cancellable().run(() => sql`select 1 as one`)).toEqual([{ one: 1 }]);
    } finally {
      await sql.end({ timeout: 5 });
      await proxy.stop();
    }
  });

  test("a connection is closed after the limit, also when the given-up statement is its first one", async () => {
    const proxy = await startProxy(server);
    const sql = cancellablePostgres(
      postgres({ host: proxy.host, port: proxy.port, user: server.user, database: server.database, max: 1 }),
      { cancelTimeout: 100 },
    );
    try {
      await server.observer`select pg_advisory_lock(1)`;
      const op = new Cancellable();
      const ending = op.settle(() => sql`select 'first' as a from pg_advisory_lock(${1})`);
      const pid = await server.seen("'first'");
      proxy.refuse();
      op.cancel();
      expect((await ending).status).toBe("cancelled");
      proxy.accept();
      await server.observer`select pg_advisory_unlock(1)`;
      // A request that is late could hit a statement that ran on the same backend.
      const next = new Cancellable({ timeout: { seconds: 10 } });
      const [row] = await next.run(() => sql`select pg_backend_pid() as pid`);
      expect(row?.pid).not.toBe(pid);
    } finally {
      await sql.end({ timeout: 1 });
      await proxy.stop();
    }
  });

  test("a statement whose requests to cancel are refused ends as it does", async () => {
    const proxy = await startProxy(server);
    const sql = cancellablePostgres(
      postgres({ host: proxy.host, port: proxy.port, user: server.user, database: server.database, max: 1 }),
    );
    try {
      const op = new Cancellable();
      let rows: unknown;
      const ending = op.settle(async () => {
        rows = await sql`select 'refused' as a from pg_sleep(0.5)`;
      });
      await server.seen("'refused'");
      proxy.refuse();
      op.cancel();
      await ending;
      expect(rows).toEqual([{ a: "refused" }]);
    } finally {
      await sql.end({ timeout: 5 });
      await proxy.stop();
    }
  });

  test("a wait for a connection survives the close of another connection", async () => {
    const sql = cancellablePostgres(postgres(server.connectionString, { max: 1, onnotice() {} }));
    const dying = sql`select pg_sleep(100), 'dying'`.catch((error: { code: string }) => error.code);
    const pid = await server.seen("'dying'");
    const waiting = Promise.all(
      [1, 2, 3].map((n) => new Cancellable().run(() => sql`select ${n}::int as n`)),
    );
    await server.observer`select pg_terminate_backend(${pid})`;
    expect(await dying).toBe("CONNECTION_CLOSED");
    expect((await waiting).flat()).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    await sql.end({ timeout: 5 });
  });

  test("a call in a pool that has ended, or that ends while it waits, rejects (PG-09)", async () => {
    const sql = cancellablePostgres(postgres(server.connectionString, { max: 1 }));
    await server.observer`select pg_advisory_lock(1)`;
    const running = new Cancellable().run(() => sql`select 'last' as a from pg_advisory_lock(1)`);
    await server.seen("'last'");
    const waiting = new Cancellable().run(() => sql`select 1`).catch((error: { code: string }) => error.code);
    const ending = sql.end();
    await server.observer`select pg_advisory_unlock(1)`;
    await ending;
    expect(await running).toEqual([{ a: "last" }]);
    expect(await waiting).toBe("CONNECTION_ENDED");
    await expect(new Cancellable().run(() => sql`select 1`)).rejects.toMatchObject({
      code: "CONNECTION_ENDED",
    });
  });

  test("a connection that is too old is replaced, also when it runs statements of scopes only", async () => {
    for (const prepare of [true, false]) {
      const sql = cancellablePostgres(
        postgres(server.connectionString, { max: 1, max_lifetime: 0.2, prepare, onnotice() {} }),
      );
      const backend = async () =>
        new Cancellable().run(
          async () => (await sql`select pg_backend_pid() as pid, ${1}::int as i`)[0]?.pid,
        );
      const first = await backend();
      await expect.poll(backend).not.toBe(first);
      const begun = async () =>
        new Cancellable().run(() =>
          sql.begin(async (tx) => (await tx`select pg_backend_pid() as pid`)[0]?.pid),
        );
      const second = await begun();
      await expect.poll(begun).not.toBe(second);
      await sql.end({ timeout: 5 });
    }
  });

  test("a server that cannot be reached is an error of the call, and no cancellation", async () => {
    const sql = cancellablePostgres(postgres({ host: "127.0.0.1", port: 1, max: 1, backoff: false }));
    await expect(new Cancellable().run(() => sql`select 1`)).rejects.toMatchObject({ code: "ECONNREFUSED" });
    expect(await moveOnAfter(10_000, () => sql`select 1`.catch(() => "failed"))).toBe("failed");
    await sql.end({ timeout: 5 });
  });

  test("several hosts are all asked to cancel", async () => {
    const hosts = `${server.host}:${server.port},127.0.0.1:1`;
    const sql = cancellablePostgres(postgres(`postgres://${server.user}@${hosts}/postgres`, { max: 1 }));
    expect(await moveOnAfter(100, () => sql`select pg_sleep(100), 'hosts'`)).toBe(undefined);
    expect(await server.running("'hosts'")).toEqual([]);
    await sql.end({ timeout: 5 });
  });
});

test("wrong arguments are refused", async () => {
  const wrong = (value: unknown): never => value as never;
  const raw = postgres({ host: "127.0.0.1" });
  const sql = cancellablePostgres(raw);
  expect(() => cancellablePostgres(wrong({}))).toThrow(
    "sql must be the `sql` that `postgres()` returns; got {}",
  );
  expect(() => cancellablePostgres(wrong(undefined))).toThrow("sql must be");
  expect(() => cancellablePostgres(sql)).toThrow("sql must be an `sql` that is not wrapped yet");
  expect(() => cancellablePostgres(raw, wrong({ timeout: 1 }))).toThrow("timeout");
  expect(() => cancellablePostgres(raw, wrong({ cancelTimeout: "soon" }))).toThrow("options.cancelTimeout");
  await sql.end();
});
