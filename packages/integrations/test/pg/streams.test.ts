import { once } from "node:events";
import { PassThrough, Readable, Writable } from "node:stream";
import { finished, pipeline } from "node:stream/promises";
import {
  Cancellable,
  CancelScope,
  failAfter,
  isCancellation,
  moveOnAfter,
  type Reporter,
  setReporter,
  shield,
} from "@hother/cancelable";
import pg from "pg";
import { from as copyFrom, to as copyTo } from "pg-copy-streams";
import Cursor from "pg-cursor";
import QueryStream from "pg-query-stream";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  type CancellablePgOptions,
  cancellablePool,
  StatementNotSentError,
  withTransaction,
} from "../../src/pg/index.ts";
import { startPostgres } from "../servers/postgres.ts";
import { startProxy } from "../servers/proxy.ts";
import { openServerView, type ServerView } from "./server-view.ts";

const server = await startPostgres();
afterAll(() => server?.stop());

/** 1,000,000 rows, of which 100 take the server about 1 s. The view finds it by `tag`. */
const slow = (tag: string): string =>
  `select n, pg_sleep(0.01) as "${tag}" from generate_series(1, 1000000) n`;
/** Rows that the server has at once. */
const quick = (count: number): string => `select n from generate_series(1, ${count}) n`;
const numbers = (rows: { n: number }[]): number[] => rows.map(({ n }) => n);
/** More than the buffers of the sockets hold. */
const large = "copy (select repeat('x', 1000) from generate_series(1, 10000000)) to stdout";

describe.skipIf(server === undefined)("cursors and streams of pg", () => {
  let view: ServerView;
  let pool: pg.Pool;
  const pools: pg.Pool[] = [];
  const newPool = (config?: pg.PoolConfig, options?: CancellablePgOptions): pg.Pool => {
    const made = new pg.Pool({ connectionString: server?.connectionString, max: 1, ...config });
    pools.push(made);
    return cancellablePool(made, options);
  };
  const reports: string[] = [];
  let reporter: Reporter;
  const caught = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      (value) => expect.fail(`fulfilled with ${value}`),
      (error: unknown) => error,
    );
  /** The number of rows in the table `t`. */
  const stored = async (): Promise<number> =>
    (await view.client.query("select count(*)::int as n from t")).rows[0].n;
  /** The connection can be used, and is the only one. */
  const expectWhole = async (): Promise<void> => {
    expect((await pool.query("select 1 as a")).rows).toEqual([{ a: 1 }]);
    expect([pool.totalCount, pool.idleCount, pool.waitingCount]).toEqual([1, 1, 0]);
  };

  beforeAll(async () => {
    view = await openServerView(server?.connectionString ?? "");
    await view.client.query("create table t (n int)");
  });
  afterAll(() => view.close());
  beforeEach(async () => {
    reporter = setReporter((error, source) => reports.push(`${source}: ${(error as Error).message}`));
    await view.client.query("truncate t");
    pool = newPool();
  });
  afterEach(async () => {
    setReporter(reporter);
    await Promise.all(pools.splice(0).map((one) => one.end()));
    expect(reports.splice(0)).toEqual([]);
  });

  describe("a cursor", () => {
    test("reads, ends and closes as that of pg-cursor, with promises and callbacks", async () => {
      const client = await pool.connect();
      const cursor = client.query(new Cursor<{ n: number }>(quick(3)));
      expect(numbers(await cursor.read(2))).toEqual([1, 2]);
      const read = await new Promise((resolve) => {
        cursor.read(2, (error, rows, result) => resolve([error, numbers(rows), result.command]));
      });
      expect(read).toEqual([undefined, [3], "SELECT"]);
      expect(await cursor.read(2)).toEqual([]);
      await cursor.close();
      const other = client.query(new Cursor<{ n: number }>(quick(3)));
      expect(numbers(await other.read(1))).toEqual([1]);
      await new Promise<void>((resolve) => void other.close(() => resolve()));
      expect(await other.read(1)).toEqual([]);
      const wrong = client.query(new Cursor("select nothing"));
      expect(await caught(wrong.read(1))).toMatchObject({ code: "42703" });
      client.release();
      await expectWhole();
    });

    test("whose read is cancelled has stopped on the server, and the connection is usable (PG-11)", async () => {
      const client = await pool.connect();
      const op = new Cancellable();
      let error: unknown;
      const ending = op.settle(async () => {
        const cursor = client.query(new Cursor(slow("in a read")));
        error = await caught(cursor.read(10_000));
        throw error;
      });
      await view.whenRunning("in a read");
      op.cancel("quota");
      expect(await ending).toMatchObject({ status: "cancelled" });
      expect(await view.running("in a read")).toBe(0);
      expect(error).toMatchObject({ reason: "quota", cause: { code: "57014" } });
      client.release();
      await expectWhole();
    });

    test("is stopped by the scope of a read inside of its own, and no read follows", async () => {
      const client = await pool.connect();
      const cursor = client.query(new Cursor(slow("a scope inside")));
      const scope = new CancelScope();
      const reading = scope.run(() => cursor.read(10_000));
      await view.whenRunning("a scope inside");
      scope.cancel();
      expect(await reading).toBeUndefined();
      const error = await caught(cursor.read(100));
      expect(isCancellation(error, scope)).toBe(true);
      client.release();
      await expectWhole();
    });

    test("that waits for its next read is closed when its scope is cancelled (PG-11)", async () => {
      const client = await pool.connect();
      const scope = new CancelScope();
      let cursor: Cursor | undefined;
      const error = await scope.run(async () => {
        cursor = client.query(new Cursor(quick(1000)));
        await cursor.read(10);
        scope.cancel("manual");
        return shield(() => caught((cursor as Cursor).read(10)));
      });
      // The read does not look like the end of the rows.
      expect(error).toBe(scope.error);
      expect((await client.query("select 1 as a")).rows).toEqual([{ a: 1 }]);
      client.release();
      await expectWhole();
    });

    test("does not read in a cancelled scope, and goes on in the scope around it", async () => {
      const client = await pool.connect();
      const cursor = client.query(new Cursor<{ n: number }>(quick(3)));
      const scope = new CancelScope();
      scope.cancel();
      expect(await scope.run(() => cursor.read(1))).toBeUndefined();
      expect(numbers(await cursor.read(1))).toEqual([1]);
      await cursor.close();
      client.release();
      await expectWhole();
    });

    test("is not sent in a cancelled scope, nor when it waits behind another statement", async () => {
      const client = await pool.connect();
      const scope = new CancelScope();
      scope.cancel();
      const late = await scope.run(async () => {
        const cursor = client.query(new Cursor(quick(1)));
        return shield(() => caught(cursor.read(1)));
      });
      expect(isCancellation(late, scope)).toBe(true);

      const first = client.query(new Cursor<{ n: number }>(quick(3)));
      const waiting = new CancelScope();
      let error: unknown;
      const ending = waiting.run(async () => {
        error = await caught(client.query(new Cursor("select 'never sent'")).read(1));
      });
      waiting.cancel();
      await ending;
      expect(error).toMatchObject({ name: "AbortError", cause: expect.any(StatementNotSentError) });
      expect(numbers(await first.read(1))).toEqual([1]);
      await first.close();
      client.release();
      await expectWhole();
    });

    test("is closed at the end of its operation, and when its client is released", async () => {
      const client = await pool.connect();
      const cursor = await new Cancellable().run(async () => {
        const own = client.query(new Cursor(quick(1000)));
        await own.read(1);
        return own;
      });
      expect(await caught(cursor.read(1))).toMatchObject({ code: "ERR_CLOSED" });
      const open = client.query(new Cursor(quick(1000)));
      await open.read(1);
      client.release();
      expect(await caught(open.read(1))).toMatchObject({ code: "ERR_CLOSED" });
      await expectWhole();
    });

    test("ends its running read when it is closed (PG-11)", async () => {
      const client = await pool.connect();
      const cursor = client.query(new Cursor(slow("is closed")));
      const reading = caught(cursor.read(10_000));
      await view.whenRunning("is closed");
      await cursor.close();
      expect(isCancellation(await reading, { reason: "manual" })).toBe(true);
      client.release();
      await expectWhole();
    });

    test("rejects when the connection dies", async () => {
      const client = await pool.connect();
      client.on("error", () => {});
      const { rows } = await client.query("select pg_backend_pid() as pid");
      const cursor = client.query(new Cursor(slow("dies")));
      const reading = caught(cursor.read(10_000));
      await view.whenRunning("dies");
      await view.client.query("select pg_terminate_backend($1)", [rows[0].pid]);
      expect(await reading).toMatchObject({ code: "57P01" });
      client.release(true);
    });

    test("rejects, and its connection is destroyed, when the server does not answer", async () => {
      const proxy = await startProxy(server ?? { host: "", port: 0 });
      const { host, port } = proxy;
      const frozen = newPool(
        { connectionString: undefined, host, port, user: "postgres", password: "", database: "postgres" },
        { cancelTimeout: 50 },
      );
      const client = await frozen.connect();
      const cursor = client.query(new Cursor(quick(1000)));
      await cursor.read(1);
      proxy.freeze();
      const error = await caught(failAfter(10, () => cursor.read(10)));
      expect(error).toMatchObject({ name: "TimeoutError" });
      client.release();
      await expect.poll(() => frozen.totalCount).toBe(0);
      await proxy.stop();
    });
  });

  describe("a query stream", () => {
    test("gives all rows, to a loop and to a pipeline", async () => {
      const client = await pool.connect();
      const rows: { n: number }[] = [];
      for await (const row of client.query(new QueryStream(quick(250)))) rows.push(row);
      expect(numbers(rows)).toEqual(Array.from({ length: 250 }, (_, i) => i + 1));
      let count = 0;
      await pipeline(
        client.query(new QueryStream(quick(1000), [], { batchSize: 50 })),
        new Writable({
          objectMode: true,
          write(_row, _encoding, done) {
            count++;
            done();
          },
        }),
      );
      expect(count).toBe(1000);
      expect(await caught(finished(client.query(new QueryStream("select nothing")).resume()))).toMatchObject({
        code: "42703",
      });
      client.release();
      await expectWhole();
    });

    test("ends its running batch at once when its scope is cancelled, not after it (PG-11)", async () => {
      const client = await pool.connect();
      const op = new Cancellable();
      let error: unknown;
      const ending = op.settle(async () => {
        const stream = client.query(new QueryStream(slow("a batch"), [], { batchSize: 10_000 }));
        error = await caught(finished(stream.resume()));
        throw error;
      });
      await view.whenRunning("a batch");
      op.cancel("quota");
      expect(await ending).toMatchObject({ status: "cancelled" });
      expect(await view.running("a batch")).toBe(0); // the batch takes 100 s
      expect(error).toMatchObject({ reason: "quota", cause: { code: "57014" } });
      client.release();
      await expectWhole();
    });

    test("ends its running batch at once when it is destroyed (PG-11)", async () => {
      const client = await pool.connect();
      const stream = client.query(new QueryStream(slow("destroyed"), [], { batchSize: 10_000 }));
      stream.resume();
      await view.whenRunning("destroyed");
      stream.destroy();
      await once(stream, "close");
      expect(await view.running("destroyed")).toBe(0);
      expect(stream.errored).toBeNull();
      const failing = client.query(new QueryStream(slow("with an error"), [], { batchSize: 10_000 }));
      failing.resume();
      await view.whenRunning("with an error");
      const error = new Error("no more");
      expect(await caught(finished(failing.destroy(error)))).toBe(error);
      expect(await view.running("with an error")).toBe(0);
      client.release();
      await expectWhole();
    });

    test("ends when a loop over it breaks or throws (PG-11)", async () => {
      const client = await pool.connect();
      for await (const { n } of client.query(new QueryStream(slow("break"), [], { batchSize: 2 })))
        if (n === 2) break; // the next batch runs
      expect((await client.query("select 1 as a")).rows).toEqual([{ a: 1 }]);
      expect(await view.running("break")).toBe(0);
      const throwing = async (): Promise<void> => {
        for await (const { n } of client.query(new QueryStream(quick(1000)))) throw new Error(`row ${n}`);
      };
      expect(await caught(throwing())).toMatchObject({ message: "row 1" });
      client.release();
      await expectWhole();
    });

    test("is stopped by the scope of the loop over it", async () => {
      const client = await pool.connect();
      const stream = client.query(new QueryStream(slow("a loop"), [], { batchSize: 10_000 }));
      const op = new Cancellable();
      const ending = op.settle(async () => {
        for await (const _ of stream) expect.fail("a row");
      });
      await view.whenRunning("a loop");
      op.cancel();
      expect(await ending).toMatchObject({ status: "cancelled" });
      expect(await view.running("a loop")).toBe(0);
      client.release();
      await expectWhole();
    });

    test("that is full is closed when its scope is cancelled, and does not look like the end", async () => {
      const client = await pool.connect();
      const scope = new CancelScope();
      let stream: QueryStream | undefined;
      await scope.run(async () => {
        stream = client.query(new QueryStream(quick(1000), [], { batchSize: 10 }));
        await once(stream, "readable");
      });
      expect(stream?.readableLength).toBe(10);
      scope.cancel(); // too late: the scope has ended
      const op = new Cancellable();
      const ending = op.settle(async (own) => {
        const full = client.query(new QueryStream(quick(1000), [], { batchSize: 10 }));
        await once(full, "readable");
        own.cancel();
        await shield(() => caught(finished(full))).then((error) => {
          throw error;
        });
      });
      stream?.destroy();
      expect(await ending).toMatchObject({ status: "cancelled" });
      client.release();
      await expectWhole();
    });
  });

  describe("COPY TO", () => {
    test("gives all bytes", async () => {
      const client = await pool.connect();
      const stream = client.query(copyTo("copy (select generate_series(1, 3)) to stdout"));
      const chunks: Buffer[] = [];
      for await (const chunk of stream) chunks.push(chunk);
      expect(Buffer.concat(chunks).toString()).toBe("1\n2\n3\n");
      expect(stream.rowCount).toBe(3);
      expect(await caught(finished(client.query(copyTo("copy nothing to stdout")).resume()))).toMatchObject({
        code: "42P01",
      });
      client.release();
      await expectWhole();
    });

    test("stops on the server when its consumer is destroyed (PG-13)", async () => {
      const client = await pool.connect();
      const stream = client.query(copyTo(`${large} /* destroyed consumer */`));
      await once(stream, "readable");
      expect(await view.running("destroyed consumer")).toBe(1);
      stream.destroy();
      await once(stream, "close");
      expect(await view.running("destroyed consumer")).toBe(0);
      client.release();
      await expectWhole();
    });

    test("stops when the pipeline that reads it fails, and when a loop over it breaks (PG-13)", async () => {
      const client = await pool.connect();
      const failing = new Writable({
        write(_chunk, _encoding, done) {
          done(new Error("disk full"));
        },
      });
      const error = await caught(pipeline(client.query(copyTo(`${large} /* pipeline */`)), failing));
      expect(error).toMatchObject({ message: "disk full" });
      for await (const _ of client.query(copyTo(`${large} /* loop */`))) break;
      expect((await client.query("select 1 as a")).rows).toEqual([{ a: 1 }]);
      expect((await view.running("pipeline")) + (await view.running("loop"))).toBe(0);
      client.release();
      await expectWhole();
    });

    test("stops when its scope is cancelled, also while no code reads it (PG-13)", async () => {
      const client = await pool.connect();
      for (const tag of ["without a reader", "with a reader"]) {
        const op = new Cancellable();
        let error: unknown;
        const ending = op.settle(async () => {
          const stream = client.query(copyTo(`${large} /* ${tag} */`));
          if (tag === "with a reader") stream.resume();
          error = await caught(finished(stream));
          throw error;
        });
        await view.whenRunning(tag);
        op.cancel("quota");
        expect(await ending).toMatchObject({ status: "cancelled" });
        expect(await view.running(tag)).toBe(0);
        expect(error).toMatchObject({ reason: "quota", cause: { code: "57014" } });
      }
      client.release();
      await expectWhole();
    });
  });

  describe("COPY FROM", () => {
    const copy = "copy t from stdin";

    test("stores all rows", async () => {
      const client = await pool.connect();
      const stream = client.query(copyFrom(copy));
      await pipeline(Readable.from(["1\n2\n", "3\n"]), stream);
      expect([stream.rowCount, await stored()]).toEqual([3, 3]);
      const wrong = client.query(copyFrom(copy));
      expect(await caught(pipeline(Readable.from(["no number\n"]), wrong))).toMatchObject({ code: "22P02" });
      client.release();
      await expectWhole();
    });

    test("stores nothing when its source fails, and the connection is usable", async () => {
      const client = await pool.connect();
      const source = new PassThrough();
      const copying = caught(pipeline(source, client.query(copyFrom(copy))));
      source.write("1\n");
      source.destroy(new Error("no more"));
      expect(await copying).toMatchObject({ message: "no more" });
      expect((await client.query("select count(*)::int as n from t")).rows).toEqual([{ n: 0 }]);
      const stream = client.query(copyFrom(copy));
      stream.write("1\n");
      stream.destroy();
      const error = await caught(finished(stream));
      expect([(error as { code?: string }).code, (error as Error).cause]).toEqual([
        "ABORT_ERR",
        expect.objectContaining({ code: "57014" }),
      ]);
      expect(await stored()).toBe(0);
      client.release();
      await expectWhole();
    });

    test("stores nothing when its scope is cancelled", async () => {
      const client = await pool.connect();
      const op = new Cancellable();
      const source = new PassThrough();
      source.write("1\n");
      let error: unknown;
      const ending = op.settle(async () => {
        error = await caught(pipeline(source, client.query(copyFrom(copy))));
        throw error;
      });
      await view.whenRunning(copy);
      op.cancel("quota");
      expect(await ending).toMatchObject({ status: "cancelled" });
      expect(error).toMatchObject({ reason: "quota", cause: { code: "57014" } });
      expect(source.destroyed).toBe(true);
      expect(await stored()).toBe(0);
      client.release();
      await expectWhole();
    });

    test("stores nothing when it is destroyed or cancelled right after its end() (PG-13)", async () => {
      const client = await pool.connect();
      const stream = client.query(copyFrom(copy));
      stream.end("1\n");
      stream.destroy();
      await caught(finished(stream));
      expect(await stored()).toBe(0);
      const op = new Cancellable();
      const ending = op.settle(async () => {
        const own = client.query(copyFrom(copy));
        own.end("1\n");
        op.cancel();
        await finished(own);
      });
      expect(await ending).toMatchObject({ status: "cancelled" });
      expect(await stored()).toBe(0);
      client.release();
      await expectWhole();
    });

    test("is stopped while it waits for a lock", async () => {
      const client = await pool.connect();
      await view.client.query("begin; lock table t in access exclusive mode");
      const other = await openServerView(server?.connectionString ?? "");
      const op = new Cancellable();
      const ending = op.settle(() =>
        pipeline(Readable.from(["1\n"]), client.query(copyFrom(`${copy} /* lock */`))),
      );
      await other.whenRunning("/* lock */");
      op.cancel();
      expect(await ending).toMatchObject({ status: "cancelled" });
      expect(await other.running("/* lock */")).toBe(0);
      await view.client.query("rollback");
      await other.close();
      client.release();
      await expectWhole();
    });

    test("is stopped while the server works on its last rows", async () => {
      await view.client.query(
        `create table checked (n int);
         create function check_slowly() returns trigger language plpgsql as
         $$ begin perform pg_sleep(60); return null; end $$;
         create trigger slowly after insert on checked for each statement execute function check_slowly()`,
      );
      const client = await pool.connect();
      const op = new Cancellable();
      const stream = await op.settle(async () => {
        const own = client.query(copyFrom("copy checked from stdin"));
        own.end("1\n");
        void view.whenRunning("copy checked").then(() => op.cancel());
        await finished(own);
      });
      expect(stream).toMatchObject({ status: "cancelled" });
      expect(await view.running("copy checked")).toBe(0);
      client.release();
      await expectWhole();
    });
  });

  test("are stopped at random moments, and hit no later statement of their connection (PG-11, PG-13)", async () => {
    const some = "select n, pg_sleep(0.0001) from generate_series(1, 10) n";
    async function* lines(): AsyncGenerator<string> {
      for (let i = 0; i < 5; i++) {
        yield `${i}\n`;
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    }
    const kinds: ((client: pg.ClientBase, stop: Promise<void>) => Promise<unknown>)[] = [
      async (client) => {
        const cursor = client.query(new Cursor(some));
        while ((await cursor.read(4)).length > 0);
      },
      (client) => finished(client.query(new QueryStream(some, [], { batchSize: 4 })).resume()),
      (client, stop) => {
        const stream = client.query(new QueryStream(some, [], { batchSize: 4 }));
        void stop.then(() => stream.destroy());
        return finished(stream.resume());
      },
      (client) => finished(client.query(copyTo(`copy (${some}) to stdout`)).resume()),
      (client) => pipeline(Readable.from(lines()), client.query(copyFrom("copy t from stdin"))),
      (client, stop) => {
        const stream = client.query(copyFrom("copy t from stdin"));
        void stop.then(() => stream.destroy());
        return pipeline(Readable.from(lines()), stream);
      },
    ];
    const client = await pool.connect();
    let whole = 0;
    for (let run = 0; run < 60; run++) {
      const op = new Cancellable();
      // Without the exact moment nothing would be tested that the tests above do not test.
      const stop = new Promise<void>((resolve) => setTimeout(resolve, 14 * Math.random()));
      const kind = kinds[run % kinds.length] as (typeof kinds)[number];
      const isDestroyed = kind.length > 1;
      if (!isDestroyed) void stop.then(() => op.cancel());
      const { status } = await op.settle(() => kind(client, stop));
      expect((await client.query("select pg_sleep(0.001), 1 as a")).rows[0].a).toBe(1);
      const count = await stored();
      expect([0, 5]).toContain(count);
      if (run % kinds.length >= 4 && status === "completed") {
        whole++;
        expect(count).toBe(5);
      }
      await view.client.query("truncate t");
    }
    expect(whole).toBeLessThan(20);
    client.release();
    await expectWhole();
  }, 60_000); // 60 streams, and the requests to stop them

  describe("in a transaction", () => {
    test("a break of a loop leaves the transaction whole", async () => {
      await withTransaction(pool, async (client) => {
        for await (const { n } of client.query(new QueryStream(quick(1000), [], { batchSize: 2 })))
          if (n === 2) break;
        const cursor = client.query(new Cursor(quick(1000)));
        await cursor.read(1);
        await cursor.close();
        await client.query("insert into t values (1)");
      });
      expect(await stored()).toBe(1);
      await expectWhole();
    });

    test("cursors and query streams that are open at its end are closed, and the transaction is stored", async () => {
      let cursor: Cursor | undefined;
      const streams: QueryStream[] = [];
      await withTransaction(pool, async (client) => {
        await client.query("insert into t values (1)");
        const stream = client.query(new QueryStream(quick(1000), [], { batchSize: 2 }));
        stream.on("error", () => {});
        streams.push(stream);
        await once(stream, "readable");
        stream.destroy();
        cursor = client.query(new Cursor(quick(1000)));
        await cursor.read(1);
      });
      expect(await caught((cursor as Cursor).read(1))).toMatchObject({ code: "ERR_CLOSED" });
      expect(await stored()).toBe(1);
      await expectWhole();
    });

    test("a COPY FROM that is not ended makes it fail", async () => {
      const ending = withTransaction(pool, (client) => {
        const stream = client.query(copyFrom("copy t from stdin"));
        stream.on("error", () => {});
        stream.write("1\n");
      });
      await expect(ending).rejects.toMatchObject({ code: "ERR_CLOSED" });
      expect(await stored()).toBe(0);
      await expectWhole();
    });

    test("a COPY FROM that is ended belongs to it, also without an await", async () => {
      await withTransaction(pool, (client) => {
        client.query(copyFrom("copy t from stdin")).end("1\n2\n");
      });
      expect(await stored()).toBe(2);
      await expectWhole();
    });

    test("a cancelled cursor rolls back to the savepoint around it", async () => {
      await withTransaction(pool, async (client) => {
        await client.query("insert into t values (1)");
        const scope = new CancelScope();
        const reading = scope.run(() =>
          withTransaction(client, (inner) => inner.query(new Cursor(slow("a savepoint"))).read(10_000)),
        );
        await view.whenRunning("a savepoint");
        scope.cancel();
        expect(await reading).toBeUndefined();
      });
      expect(await stored()).toBe(1);
      await expectWhole();
    });
  });

  test("are taken by a pool, which gets its connection back at their end", async () => {
    const rows: { n: number }[] = [];
    const stream = new QueryStream(quick(3));
    void pool.query(stream);
    for await (const row of stream) rows.push(row);
    expect(numbers(rows)).toEqual([1, 2, 3]);
    await expectWhole();
    const cursor = new Cursor<{ n: number }>(quick(3));
    void pool.query(cursor);
    expect(numbers(await cursor.read(2))).toEqual([1, 2]);
    await cursor.close();
    await expectWhole();

    const held = await pool.connect();
    const op = new Cancellable();
    const ending = op.settle(async () => {
      const late = new QueryStream(quick(3));
      const asked = (pool.query(late) as unknown as Promise<unknown>).catch((error: unknown) => error); // of pg-pool
      const error = await caught(finished(late.resume()));
      expect(await asked).toBe(error);
      throw error;
    });
    op.cancel();
    expect(await ending).toMatchObject({ status: "cancelled" });
    held.release();
    await expectWhole();
  });

  test("are not sent when they were destroyed before", async () => {
    const client = await pool.connect();
    const stream = new QueryStream(quick(3));
    stream.destroy();
    client.query(stream);
    expect((await client.query("select 1 as a")).rows).toEqual([{ a: 1 }]);
    client.release();
    await expectWhole();
  });

  test("are refused in pipeline mode, with the error of pg", async () => {
    const client = new pg.Client({ connectionString: server?.connectionString, pipeline: true });
    await client.connect();
    const stream = new QueryStream(quick(1));
    client.query(stream);
    expect(await caught(finished(stream.resume()))).toMatchObject({
      message: expect.stringContaining("not supported in pipeline mode"),
    });
    await client.end();
  });

  test("a limit that passes in the middle of a read keeps its own error", async () => {
    const client = await pool.connect();
    const cursor = client.query(new Cursor(slow("a limit")));
    const value = await moveOnAfter(60_000, async (scope) => {
      const reading = cursor.read(10_000);
      await view.whenRunning("a limit");
      scope.deadline = 0; // has passed
      return reading;
    });
    expect(value).toBeUndefined();
    expect(await view.running("a limit")).toBe(0);
    client.release();
    await expectWhole();
  });
});
