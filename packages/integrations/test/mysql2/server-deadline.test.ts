import { failAfter, isCancellation, moveOnAfter, setReporter } from "@hother/cancelable";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { startMariaDb } from "../servers/mariadb.ts";
import { startProxy } from "../servers/proxy.ts";
import { cancelWhenRunning, observer, optionsOf, testPool } from "./kit.ts";

const server = await startMariaDb();
afterAll(() => server?.stop());

const limitNow = "select @@max_statement_time as seconds";

describe.skipIf(server === undefined)("cancellableMysql2(pool, { serverDeadline: true })", () => {
  test("gives the server the time that is left, for the statement alone", async () => {
    const pool = testPool(server, { connectionLimit: 1 }, { serverDeadline: true });
    for (const ask of [() => pool.query(limitNow), () => pool.execute(limitNow)]) {
      const [rows] = await failAfter({ seconds: 30 }, ask);
      const [row] = rows as { seconds: number }[];
      expect(row?.seconds).toBeGreaterThan(1);
      expect(row?.seconds).toBeLessThanOrEqual(30);
      expect((await pool.query(limitNow))[0]).toEqual([{ seconds: 0 }]);
    }
  });

  test("keeps the limit that the user has set", async () => {
    const pool = testPool(server, { connectionLimit: 1 }, { serverDeadline: true });
    await pool.query("set max_statement_time = 77");
    await failAfter({ seconds: 30 }, () => pool.query("select 1"));
    expect((await pool.query(limitNow))[0]).toEqual([{ seconds: 77 }]);
  });

  test("sets the limit back after a statement that was stopped, that failed and that was never sent", async () => {
    const pool = testPool(server, { connectionLimit: 1 }, { serverDeadline: true });
    expect(await moveOnAfter(50, () => pool.query("select sleep(93)"))).toBe(undefined);
    expect((await pool.query(limitNow))[0]).toEqual([{ seconds: 0 }]);
    const error = await failAfter({ seconds: 30 }, () => pool.execute("this is no SQL")).catch(
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ errno: 1064 });
    expect((await pool.query(limitNow))[0]).toEqual([{ seconds: 0 }]);
    const connection = await pool.getConnection();
    const first = connection.query("select sleep(0.2)");
    const queued = moveOnAfter(20, () => connection.execute("select sleep(93)"));
    await Promise.all([first, queued]);
    expect((await connection.query(limitNow))[0]).toEqual([{ seconds: 0 }]);
    connection.release();
  });

  test("rejects with the timeout, and not with the error of the server, also if no KILL comes through", async () => {
    const proxy = await startProxy(optionsOf(server));
    const before = setReporter(() => {}); // each KILL that gets no answer
    onTestFinished(() => void setReporter(before));
    const control = { ...optionsOf(server), port: proxy.port };
    proxy.freeze();
    const pool = testPool(
      server,
      { connectionLimit: 1 },
      { serverDeadline: true, control, cancelTimeout: 400 },
    );
    for (let round = 0; round < 3; round++) {
      const error = await failAfter(60, () => pool.query("select sleep(94)")).catch(
        (reason: unknown) => reason,
      );
      expect(isCancellation(error, { reason: "timeout" })).toBe(true);
    }
    const { running } = await observer(server);
    await expect.poll(() => running("sleep(94)")).toEqual([]);
    await proxy.stop();
  });

  test("leaves a scope without a deadline alone", async () => {
    const pool = testPool(server, {}, { serverDeadline: true });
    const error = await cancelWhenRunning(server, "sleep(95)", () => pool.query("select sleep(95)"));
    expect(error).toMatchObject({ reason: "quota", cause: { errno: 1317 } });
  });
});
