import { setTimeout as delay } from "node:timers/promises";
import { Cancellable } from "@hother/cancelable";
import mysql from "mysql2";
import type { Pool } from "mysql2/promise";
import promise from "mysql2/promise";
import { onTestFinished } from "vitest";
import { type CancellableMysql2Options, cancellableMysql2 } from "../../src/mysql2/index.ts";
import type { MariaDb } from "../servers/mariadb.ts";

/** The longest wait for the server, in ms. */
const longest = 10_000;

/** The options of a connection to `server`. */
export function optionsOf(server: MariaDb | undefined): {
  host: string;
  port: number;
  user: string;
  database: string;
} {
  const { host = "", port = 0, user = "", database = "" } = server ?? {};
  return { host, port, user, database };
}

/** A pool with cancellation, which ends with the test. */
export function testPool(
  server: MariaDb | undefined,
  options: mysql.PoolOptions = {},
  own?: CancellableMysql2Options,
): Pool {
  const pool = cancellableMysql2(promise.createPool({ ...optionsOf(server), ...options }), own);
  onTestFinished(() => pool.end());
  return pool;
}

/** A connection that looks at the server, and ends with the test. */
export async function observer(server: MariaDb | undefined): Promise<Observer> {
  const connection = await promise.createConnection(optionsOf(server));
  onTestFinished(() => connection.end());
  const rows = async (sql: string): Promise<Record<string, unknown>[]> => {
    const [found] = await connection.query(sql);
    return found as Record<string, unknown>[];
  };
  /** The ids of the threads that run a statement with `text`. */
  const running = async (text: string): Promise<number[]> => {
    const found = await rows(
      `select id from information_schema.processlist where command in ("Query", "Execute") and info like "%${text}%" and id <> connection_id()`,
    );
    return found.map(({ id }) => Number(id));
  };
  return {
    rows,
    running,
    async leftRunning(text) {
      for (const end = Date.now() + longest; ; ) {
        const ids = await running(text);
        if (ids.length === 0 || Date.now() > end) return ids;
        await delay(2);
      }
    },
    async untilRunning(text) {
      for (const end = Date.now() + longest; ; ) {
        const [id] = await running(text);
        if (id !== undefined) return id;
        if (Date.now() > end) throw new Error(`no statement with ${text} runs`);
        await delay(2);
      }
    },
  };
}

export interface Observer {
  rows(sql: string): Promise<Record<string, unknown>[]>;
  running(text: string): Promise<number[]>;
  /**
   * The ids of the threads that go on with a statement with `text`. MariaDB takes a statement out of its process list a moment
   * after it has sent the last packet to the client. The statements of the tests run for a minute or longer.
   */
  leftRunning(text: string): Promise<number[]>;
  /** Waits until a statement with `text` runs. Returns the id of its thread. */
  untilRunning(text: string): Promise<number>;
}

/** Runs `body` in an operation, cancels it when a statement with `text` runs, and returns the error of `body`. */
export async function cancelWhenRunning(
  server: MariaDb | undefined,
  text: string,
  body: () => Promise<unknown>,
): Promise<unknown> {
  const { untilRunning } = await observer(server);
  const op = new Cancellable();
  let error: unknown;
  const ending = op.settle(async () => {
    try {
      await body();
    } catch (failure) {
      error = failure;
      throw failure;
    }
  });
  await untilRunning(text);
  op.cancel("quota");
  await ending;
  return error;
}
