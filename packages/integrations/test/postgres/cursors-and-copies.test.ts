import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Cancellable, currentOperation, isCancellation, moveOnAfter } from "@hother/cancelable";
import postgres from "postgres";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { cancellablePostgres } from "../../src/postgres/index.ts";
import { type Observed, startObserved } from "./server.ts";

const server = (await startObserved()) as Observed;
afterAll(() => server?.stop());

let sql: postgres.Sql;
beforeEach(() => {
  sql = cancellablePostgres(postgres(server.connectionString, { max: 1, onnotice() {} })) as postgres.Sql;
});
afterEach(() => sql.end({ timeout: 5 }));

/** The only connection of the pool answers. */
const isWhole = async () => expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);

describe.skipIf(server === undefined)("a cursor", () => {
  const numbers = () => sql<{ n: number }[]>`select n from generate_series(1, ${10}::int) n`;

  test.each(["in an operation", "outside"])("reads all rows, and is closed by a break, %s", async (place) => {
    const body = async () => {
      const read: number[][] = [];
      for await (const rows of numbers().cursor(4)) read.push(rows.map(({ n }) => n));
      expect(read).toEqual([
        [1, 2, 3, 4],
        [5, 6, 7, 8],
        [9, 10],
      ]);
      for await (const rows of numbers().cursor(2)) {
        expect(rows.length).toBe(2);
        break;
      }
      await isWhole();
      const seen: number[] = [];
      await numbers().cursor(3, (rows) => {
        seen.push(...rows.map(({ n }) => n));
      });
      expect(seen.length).toBe(10);
      await numbers().cursor(3, () => sql.CLOSE as never);
      await isWhole();
    };
    if (place === "outside") await body();
    else await new Cancellable().run(body);
  });

  test("answers calls of next() that do not wait for each other, in their order", async () => {
    const cursor = numbers().cursor(4)[Symbol.asyncIterator]();
    const read = await Promise.all([cursor.next(), cursor.next(), cursor.next(), cursor.next()]);
    expect(read.map(({ value }) => value?.[0]?.n)).toEqual([1, 5, 9, undefined]);
    expect(read.at(-1)?.done).toBe(true);
    await isWhole();
  });

  test("is closed by return() while a read is under way, which still gets its rows", async () => {
    const cursor = sql`select n, pg_sleep(0.1) from generate_series(1, 3) n`
      .cursor(1)
      [Symbol.asyncIterator]();
    const reading = cursor.next();
    await cursor.return?.();
    expect((await reading).value?.[0]?.n).toBe(1);
    expect(await cursor.next()).toEqual({ done: true, value: undefined });
    await isWhole();
  });

  test("that is cancelled between two reads is closed, with the error of the scope (PG-11)", async () => {
    const op = new Cancellable();
    const outcome = await op.settle(async () => {
      for await (const rows of numbers().cursor(2)) {
        expect(rows.length).toBe(2);
        op.cancel("quota");
        await op.shield(async () => expect.poll(() => server.states()).toEqual(["idle"]));
      }
    });
    expect(outcome.status).toBe("cancelled");
    await isWhole();
  });

  test("that is cancelled in a read ends the read (PG-11)", async () => {
    const op = new Cancellable();
    const ending = op.settle(async () => {
      const slow = sql`select pg_sleep(case when n > 2 then 100 else 0 end), 'slow read' from generate_series(1, 5) n`;
      for await (const rows of slow.cursor(1)) expect(rows.length).toBe(1);
    });
    await server.seen("'slow read'");
    op.cancel();
    expect((await ending).status).toBe("cancelled");
    expect(await server.running("'slow read'")).toEqual([]);
    await isWhole();
  });

  test("ends with the error of its function, and calls it in the scope of the query", async () => {
    const op = new Cancellable({ name: "reader" });
    await expect(
      op.run(async () => {
        await numbers().cursor(10, async () => {
          expect(currentOperation()).toBe(op);
          throw new Error("broken");
        });
      }),
    ).rejects.toThrow("broken");
    await new Cancellable({ name: "rows" }).run((second) =>
      numbers().forEach(() => {
        expect(currentOperation()).toBe(second);
      }),
    );
    await isWhole();
  });
});

describe.skipIf(server === undefined)("COPY", () => {
  test("to the client: a consumer that leaves stops the server (PG-13)", async () => {
    await new Cancellable().run(async () => {
      const copy = sql`copy (select generate_series(1, 100000000), 'copied') to stdout`;
      const stream = await copy.readable();
      await once(stream, "data");
      stream.destroy();
      await expect.poll(() => server.running("'copied'")).toEqual([]);
    });
    await isWhole();
  });

  test("to the client: a cancellation stops the server, and the stream fails with its error", async () => {
    const op = new Cancellable();
    let failure: unknown;
    const outcome = await op.settle(async () => {
      const copy = sql`copy (select generate_series(1, 100000000), 'cancelled copy') to stdout`;
      const stream = await copy.readable();
      await once(stream, "data");
      op.cancel("quota");
      failure = await op.shield(() => once(stream, "close").catch((error: unknown) => error));
      throw failure;
    });
    expect(outcome.status).toBe("cancelled");
    expect(isCancellation(failure, { reason: "quota" })).toBe(true);
    expect(await server.running("'cancelled copy'")).toEqual([]);
    await isWhole();
  });

  test("to the client reads to the end", async () => {
    await new Cancellable().run(async () => {
      const stream = await sql`copy (select n from generate_series(1, 3) n) to stdout`.readable();
      expect(Buffer.concat(await stream.toArray()).toString()).toBe("1\n2\n3\n");
    });
    await isWhole();
  });

  test("from the client: stores all rows, or none after a cancellation or a wrong row", async () => {
    await server.observer.unsafe("drop table if exists copies; create table copies (a int check (a < 10))");
    const count = async () => (await server.observer`select count(*)::int as n from copies`)[0]?.n;
    await new Cancellable().run(async () => {
      await pipeline(Readable.from(["1\n", "2\n"]), await sql`copy copies from stdin`.writable());
    });
    expect(await count()).toBe(2);
    const op = new Cancellable();
    const outcome = await op.settle(async () => {
      const rows = new Readable({ read() {} }); // never ends
      rows.push("3\n");
      setTimeout(() => op.cancel(), 20);
      await pipeline(rows, await sql`copy copies from stdin`.writable());
    });
    expect(outcome.status).toBe("cancelled");
    const wrong = new Cancellable().run(async () =>
      pipeline(Readable.from(["4\n", "11\n"]), await sql`copy copies from stdin`.writable()),
    );
    await expect(wrong).rejects.toMatchObject({ code: "23514" });
    await isWhole();
    expect(await count()).toBe(2);
  });
});

describe.skipIf(server === undefined)("the rest of the API", () => {
  test("works in an operation as outside of one", async () => {
    const folder = mkdtempSync(join(tmpdir(), "queries-"));
    writeFileSync(join(folder, "q.sql"), "select $1::int as a");
    const body = async () => {
      const fragment = sql`where n > ${2}`;
      expect(await sql`select n from generate_series(1, 4) n ${fragment} order by ${sql("n")}`).toEqual([
        { n: 3 },
        { n: 4 },
      ]);
      expect(await sql`select * from (values ${sql([[1, 2]])}) as v(a, b)`).toEqual([{ a: "1", b: "2" }]);
      expect(await sql`select 1 as a`.values()).toEqual([[1]]);
      expect(await sql`select 1 as a`.raw()).toEqual([[Buffer.from("1")]]);
      expect((await sql`select ${1}::int as a`.describe()).columns.map(({ name }) => name)).toEqual(["a"]);
      expect(await sql`select 1 as a; select 2 as b`.simple()).toMatchObject([[{ a: 1 }], [{ b: 2 }]]);
      expect(await sql.unsafe("select $1::int as a", [7])).toEqual([{ a: 7 }]);
      expect(await sql.file(join(folder, "q.sql"), [8])).toEqual([{ a: 8 }]);
      await expect(sql.file(join(folder, "none.sql"))).rejects.toMatchObject({ code: "ENOENT" });
      expect(await sql`select ${sql.json({ a: 1 })}::jsonb as j, ${sql.array([1, 2])}::int[] as l`).toEqual([
        { j: { a: 1 }, l: [1, 2] },
      ]);
      expect(sql.options.max).toBe(1);
      await isWhole();
    };
    await body();
    await new Cancellable().run(body);
    rmSync(folder, { recursive: true });
  });

  test("reserve() gives a connection of its own, whose statements are cancelled, and which ends at release()", async () => {
    await new Cancellable().run(async () => {
      const reserved = await sql.reserve();
      expect(await moveOnAfter(30, () => sql`select 1`)).toBe(undefined); // no connection is left
      expect(await moveOnAfter(30, () => reserved`select pg_sleep(${100})`)).toBe(undefined);
      expect(await reserved`select 2 as two`).toEqual([{ two: 2 }]);
      reserved.release();
      await expect(reserved`select 1`).rejects.toMatchObject({ code: "CONNECTION_RELEASED" });
    });
    await isWhole();
  });

  test("listen() and notify() pass messages to the scope of the listener", async () => {
    const op = new Cancellable();
    await op.run(async () => {
      const got = new Promise((resolve) => {
        void sql
          .listen("news", (payload) => resolve([payload, currentOperation()]))
          .then(() => sql.notify("news", "1"));
      });
      expect(await got).toEqual(["1", op]);
    });
    const cancelled = await new Cancellable().settle(async (late) => {
      late.cancel();
      await sql.listen("news", () => {});
    });
    expect(cancelled.status).toBe("cancelled");
  });
});
