import { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import {
  Cancellable,
  failAfter,
  isCancellation,
  moveOnAfter,
  shield,
  sleep,
  sleepForever,
} from "@hother/cancelable";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { SqliteDatabase, SqliteOptions } from "../../src/better-sqlite3/index.ts";

type OpenDatabase = (file: string, options?: SqliteOptions) => Promise<SqliteDatabase>;

/** A query of one row that takes for ever, and one that calls the function of the library. */
const endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select max(i) from n";
const checked = `${endless} where check_cancelled()`;
/** A query that has rows without an end. */
const rows = "with recursive n(i) as (select 1 union all select i + 1 from n) select i from n";

/**
 * The behaviours of a database of SQLite, for each library.
 *
 * @param whyMissing Why this host cannot load the library: the tests are then skipped, and the reason is printed.
 */
export function sqliteCases(name: string, openDatabase: OpenDatabase, whyMissing?: string): void {
  const isMissing = whyMissing !== undefined;
  if (isMissing) console.log(`skipped: ${whyMissing}`);

  /** A database in a file of its own, with the table `t`, which holds 1 and 2. */
  async function database(options?: SqliteOptions): Promise<SqliteDatabase> {
    const folder = mkdtempSync(join(tmpdir(), "cancelable-sqlite-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
    const db = await openDatabase(join(folder, "data.db"), options);
    onTestFinished(() => db.close());
    await db.exec("create table t (id integer primary key, text); insert into t values (1, 'a'), (2, 'b')");
    return db;
  }

  describe.skipIf(isMissing).each(["process", "thread"] as const)(`a database of ${name} in a %s`, (host) => {
    const stoppable = host === "process" ? endless : checked;

    test("answers, and gives the errors of the library with their code", async () => {
      const db = await database({ host });
      expect(await db.all("select id from t where id > ?", [1])).toEqual([{ id: 2 }]);
      expect(await db.get("select text from t where id = $id", { id: 1 })).toEqual({ text: "a" });
      expect(await db.get("select 1 from t where id = 9")).toBe(undefined);
      expect(await db.run("insert into t values (?, ?)", [3, "c"])).toMatchObject({ changes: 1 });
      const error = await db.run("insert into t values (3, 'again')").catch((reason: unknown) => reason);
      expect(error).toMatchObject({ message: expect.stringContaining("UNIQUE"), code: expect.any(String) });
      await expect(db.get("this is no SQL")).rejects.toThrow("syntax error");
    });

    test("stops a running statement, and runs the next one right (SQL-01)", async () => {
      const db = await database({ host });
      for (let round = 0; round < 2; round++) {
        const op = new Cancellable();
        let error: unknown;
        const ending = op.settle(() =>
          db.all(stoppable).catch((reason: unknown) => {
            error = reason;
            throw reason;
          }),
        );
        await sleep(30);
        op.cancel("quota");
        expect((await ending).status).toBe("cancelled");
        expect(isCancellation(error, { reason: "quota" })).toBe(true);
        expect(await db.all("select id from t")).toEqual([{ id: 1 }, { id: 2 }]);
      }
    });

    test("does not hold up this thread while it computes", async () => {
      const db = await database({ host });
      const op = new Cancellable();
      const ending = op.settle(() => db.all(stoppable));
      for (let turns = 0; turns < 20; turns++) await sleep(1);
      op.cancel();
      expect((await ending).status).toBe("cancelled");
    });

    test("leaves the other calls alone that wait for their turn (SQL-01)", async () => {
      const db = await database({ host });
      const op = new Cancellable();
      const first = op.settle(() => db.all(stoppable));
      const others = Promise.all([1, 2].map((id) => db.get("select text from t where id = ?", [id])));
      const waiting = new Cancellable();
      let error: unknown;
      const never = waiting.settle(() =>
        db.run("delete from t").catch((reason: unknown) => {
          error = reason;
        }),
      );
      await sleep(20);
      waiting.cancel();
      await never; // although the first one runs
      expect(isCancellation(error, { reason: "manual" })).toBe(true);
      op.cancel();
      expect((await first).status).toBe("cancelled");
      expect(await others).toEqual([{ text: "a" }, { text: "b" }]);
    });

    test("sends nothing in a cancelled scope, and runs in a shield", async () => {
      const db = await database({ host });
      const op = new Cancellable();
      await op.settle(async () => {
        op.cancel();
        await expect(db.run("delete from t")).rejects.toMatchObject({ code: "ABORT_ERR" });
        expect(await shield(() => db.get("select count(*) as n from t"))).toEqual({ n: 2 });
      });
    });

    test("gives rows as the reader asks for them, and stops when the reader leaves", async () => {
      const db = await database({ host });
      const seen: unknown[] = [];
      for await (const row of db.iterate<{ i: number }>(rows)) {
        seen.push(row.i);
        if (seen.length === 450) break;
      }
      expect([seen[0], seen[449]]).toEqual([1, 450]);
      expect(await db.all("select id from t")).toEqual([{ id: 1 }, { id: 2 }]);
      const all: unknown[] = [];
      for await (const row of db.iterate("select id from t")) all.push(row);
      expect(all).toEqual([{ id: 1 }, { id: 2 }]);
    });

    test("stops the rows of a reader whose scope is cancelled", async () => {
      const db = await database({ host });
      const op = new Cancellable();
      const outcome = await op.settle(async () => {
        for await (const row of db.iterate<{ i: number }>(rows)) if (row.i === 300) op.cancel("quota");
      });
      expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "quota" } });
      const silent = await failAfter(50, async () => {
        for await (const _row of db.iterate(stoppable));
      }).catch((reason: unknown) => reason);
      expect(isCancellation(silent, { reason: "timeout" })).toBe(true);
      expect(await db.get("select 1 as a")).toEqual({ a: 1 });
    });

    test("stores a transaction, and undoes one that fails or is cancelled", async () => {
      const db = await database({ host });
      expect(await db.transaction(async (tx) => (await tx.run("delete from t where id = 1")).changes)).toBe(
        1,
      );
      await expect(
        db.transaction(async (tx) => {
          await tx.run("delete from t");
          throw new Error("broken");
        }),
      ).rejects.toThrow("broken");
      for (const wait of [() => sleepForever(), undefined]) {
        const op = new Cancellable();
        const outcome = await op.settle(() =>
          db.transaction(async (tx) => {
            await tx.run("delete from t");
            setTimeout(() => op.cancel(), 20);
            await (wait ?? (() => tx.all(stoppable)))();
          }),
        );
        expect(outcome.status).toBe("cancelled");
      }
      expect(await db.all("select id from t")).toEqual([{ id: 2 }]);
      const late = await db.transaction((tx) => tx);
      await expect(late.get("select 1")).rejects.toMatchObject({ code: "ERR_CLOSED" });
    });

    test("ends a transaction whose body has left a reader of rows open", async () => {
      const db = await database({ host });
      const left = await failAfter(10_000, () =>
        db.transaction(async (tx) => {
          const open = tx.iterate(rows);
          const behind = tx.iterate(rows);
          await open.next();
          return { open, pending: behind.next().catch((reason: unknown) => reason) };
        }),
      );
      expect(await left.pending).toMatchObject({ code: "ERR_CLOSED" });
      expect(await left.open.next()).toEqual({ done: true, value: undefined });
      await expect(
        failAfter(10_000, () =>
          db.transaction(async (tx) => {
            await tx.run("delete from t");
            await tx.iterate(rows).next();
            throw new Error("broken");
          }),
        ),
      ).rejects.toThrow("broken");
      expect(await db.all("select id from t")).toEqual([{ id: 1 }, { id: 2 }]);
    });

    test("refuses values that SQLite cannot store, with the names of their parameters", async () => {
      const db = await database({ host });
      const refused: [Parameters<typeof db.get>[1], string][] = [
        [[1, () => {}], `parameters["1"] must be null, a number, a bigint, a string or bytes; got function`],
        [[Symbol("s")], `parameters["0"] must be`],
        [
          { at: new Date(0) },
          `parameters["at"] must be null, a number, a bigint, a string or bytes; got an instance of Date`,
        ],
      ];
      for (const [parameters, message] of refused) {
        await expect(db.get("select ?", parameters)).rejects.toThrow(message);
        await expect(db.iterate("select ?", parameters).next()).rejects.toThrow(message);
      }
      const bytes = new Uint8Array([1, 2]);
      expect(
        await db.get("select :a is null as a, :b as b, hex(:c) as c", { a: null, b: 2n, c: bytes }),
      ).toEqual({
        a: 1,
        b: 2,
        c: "0102",
      });
    });

    test("keeps the program no longer alive after bytes without a buffer, which some JavaScript hosts refuse to send", async () => {
      const db = await database({ host });
      const hold = vi.spyOn(host === "process" ? ChildProcess.prototype : Worker.prototype, "unref");
      onTestFinished(() => hold.mockRestore());
      const bytes = new Uint8Array(1);
      structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
      await db.get("select ? as a", [bytes]).catch(() => {});
      expect(hold).toHaveBeenCalledOnce();
    });

    test("refuses calls after its close, and opens again after its host was ended", async () => {
      const db = await database({ host, setup: "create temp table own as select 7 as n" });
      await moveOnAfter(20, () => db.all(stoppable));
      expect(await db.get("select n from own")).toEqual({ n: 7 });
      await db.close();
      await db.close();
      await expect(db.get("select 1")).rejects.toMatchObject({ code: "ERR_CLOSED" });
    });
  });

  describe.skipIf(isMissing)(`openDatabase of ${name}`, () => {
    test("gives a thread up whose statement cannot be stopped, and the error says so", async () => {
      const fileOf = async (of: SqliteDatabase): Promise<string> =>
        (await of.get<{ file: string }>("select file from pragma_database_list"))?.file ?? "";
      const [other, seen] = [await database(), await database()];
      const setup = `pragma busy_timeout = 60000; attach '${await fileOf(seen)}' as seen`;
      const db = await openDatabase(await fileOf(other), { host: "thread", cancelTimeout: 100, setup });
      onTestFinished(() => db.close());
      await other.exec("begin immediate"); // the deletion waits for the end
      const op = new Cancellable();
      let error: unknown;
      const ending = op.settle(() =>
        db.exec("delete from seen.t; delete from main.t").catch((reason: unknown) => {
          error = reason;
        }),
      );
      await expect.poll(() => seen.all("select id from t")).toEqual([]);
      op.cancel("quota");
      await ending;
      expect(isCancellation(error, { reason: "quota" })).toBe(true);
      expect((error as { cause: Error }).cause.message).toContain(
        "has not ended 100 ms after the cancellation",
      );
      expect(await db.get("select 1 as a")).toEqual({ a: 1 });
    });

    test("closes also the process that a cancelled call has begun to open", async () => {
      const db = await database();
      const kill = vi.spyOn(ChildProcess.prototype, "kill");
      onTestFinished(() => kill.mockRestore());
      await moveOnAfter(20, () => db.all(endless));
      expect(kill).toHaveBeenCalledTimes(1);
      const op = new Cancellable();
      const ending = op.settle(() => db.get("select 1"));
      await new Promise((resolve) => setImmediate(resolve)); // sooner than the process can answer
      op.cancel();
      await db.close();
      expect(kill).toHaveBeenCalledTimes(2);
      expect((await ending).status).toBe("cancelled");
    });

    test("opens a database in memory in a thread, and one for reading only", async () => {
      const db = await openDatabase(":memory:", { host: "thread" });
      expect(await db.get("select 1 as a")).toEqual({ a: 1 });
      await db.close();
      const written = await database();
      const { file } = (await written.get<{ file: string }>("select file from pragma_database_list")) ?? {};
      const readOnly = await openDatabase(file ?? "", { readOnly: true });
      await expect(readOnly.run("delete from t")).rejects.toThrow("readonly");
      await readOnly.close();
    });

    test("refuses a file that cannot be opened, and wrong arguments", async () => {
      const wrong = (value: unknown): never => value as never;
      await expect(openDatabase(join(tmpdir(), "no", "such", "folder.db"))).rejects.toThrow(/open/);
      await expect(openDatabase(":memory:")).rejects.toThrow("a process that is killed loses its memory");
      await expect(openDatabase(wrong(1))).rejects.toThrow("file must be");
      await expect(openDatabase("a.db", wrong({ hosts: "thread" }))).rejects.toThrow("host");
      await expect(openDatabase("a.db", { host: wrong("fiber") })).rejects.toThrow("options.host");
      const db = await openDatabase(":memory:", { host: "thread" });
      await expect(db.all(wrong(1))).rejects.toThrow("sql must be");
      await expect(db.transaction(wrong(1))).rejects.toThrow("body must be a function");
      await db.close();
    });
  });
}
