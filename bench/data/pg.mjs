/**
 * Measures how statements of pg are cancelled, with the wrapper of this repository and by hand:
 *
 *   node bench/data/pg.mjs [--runs 100000] [--queries 300] [--rounds 40]
 *
 * 1. The late cancel: a statement of 1 or 5 ms, a cancellation at a random moment around its end, then at once another statement on
 *    the same connection. How often is the second one hit?
 * 2. The time from the cancellation to the end of the row in `pg_stat_activity`, and to the rejection of the promise.
 * 3. 50 concurrent statements on 20 connections, half of them cancelled near their end.
 */
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Cancellable } from "@hother/cancelable";
import { cancellablePool } from "@hother/cancelable-integrations/pg";
import pg from "pg";
import { withPostgres } from "./postgres.mjs";
import { after } from "./precise-timer.mjs";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "100000" },
    queries: { type: "string", default: "300" },
    rounds: { type: "string", default: "40" },
  },
});
const runs = Number(values.runs);
const queries = Number(values.queries);
const rounds = Number(values.rounds);

/**
 * @param {string} connectionString
 * @param {number} max
 */
function newPool(connectionString, max) {
  const pool = new pg.Pool({ connectionString, max });
  pool.on("error", () => {}); // the server can stop before the last connection has closed
  return pool;
}

/** @param {unknown} error */
const isHit = (error) => /** @type {{ code?: unknown }} */ (error)?.code === "57014";

/**
 * The cancel request of the wire protocol, by hand. The promise is fulfilled when the server has closed the socket.
 *
 * @param {any} client A client of pg; the types leave out the number of its backend and the key.
 */
async function requestByHand(client) {
  const request = Buffer.alloc(16);
  for (const [i, word] of [16, 80_877_102, client.processID, client.secretKey].entries())
    request.writeInt32BE(word, 4 * i);
  const socket = connect(client.port, client.host);
  socket.write(request);
  socket.resume();
  await once(socket, "close");
}

/**
 * One lane of the first measurement.
 *
 * @param {number} count
 * @param {(sql: string, ms: number) => Promise<unknown>} first Runs a statement and cancels it after a time span. Resolves with its error.
 * @param {() => Promise<unknown>} second
 */
async function lane(count, first, second) {
  /** How long a statement of 1 ms takes. */
  let duration = 3;
  let cancelled = 0;
  let hits = 0;
  for (let run = 0; run < count; run++) {
    const length = run % 2 === 0 ? 1 : 5;
    const sql = `select pg_sleep(${length / 1_000})`;
    if ((await first(sql, (duration - 1 + length) * 1.2 * Math.random())) !== undefined) cancelled++;
    const from = performance.now();
    try {
      await second();
    } catch (failure) {
      if (!isHit(failure)) throw failure;
      hits++;
    }
    duration += 0.1 * (Math.min(performance.now() - from, 20) - duration);
  }
  return { cancelled, hits };
}

/** @param {string} connectionString */
async function lateCancel(connectionString) {
  const lanes = 4;
  const ways = {
    /** @param {number} count */
    async ours(count) {
      const pool = cancellablePool(newPool(connectionString, 1));
      const result = await lane(
        count,
        async (sql, ms) => {
          const op = new Cancellable();
          const outcome = await op.settle(() => {
            after(ms, () => op.cancel());
            return pool.query(sql);
          });
          return outcome.status === "completed" ? undefined : outcome.error;
        },
        () => pool.query("select pg_sleep(0.001)"),
      );
      if (pool.totalCount !== 1 || pool.idleCount !== 1) throw new Error("the pool is not whole");
      await pool.end();
      return result;
    },
    /** @param {number} count */
    async byHand(count) {
      const client = new pg.Client({ connectionString });
      await client.connect();
      const open = new Set();
      const result = await lane(
        count,
        async (sql, ms) => {
          after(ms, () => {
            const request = requestByHand(client).finally(() => open.delete(request));
            open.add(request);
          });
          return client.query(sql).then(
            () => undefined,
            (error) => error,
          );
        },
        () => client.query("select pg_sleep(0.001)"),
      );
      await Promise.all(open);
      await client.end();
      return result;
    },
  };
  for (const [name, way, count] of /** @type {const} */ ([
    ["CancelRequest by hand, not awaited", ways.byHand, Math.min(runs, 3_000)],
    ["cancellablePool", ways.ours, runs],
  ])) {
    const from = performance.now();
    const results = await Promise.all(Array.from({ length: lanes }, () => way(Math.ceil(count / lanes))));
    const sum = (/** @type {"cancelled" | "hits"} */ key) =>
      results.reduce((total, one) => total + one[key], 0);
    const seconds = ((performance.now() - from) / 1_000).toFixed(0);
    console.log(
      `${name}: ${count} runs, ${sum("cancelled")} first statements cancelled, ${sum("hits")} second ones hit (${seconds} s)`,
    );
  }
}

/**
 * @param {number[]} samples
 * @param {number} part
 */
function quantile(samples, part) {
  const sorted = [...samples].sort((a, b) => a - b);
  return (sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN).toFixed(2);
}

/** @param {string} connectionString */
async function timeToGone(connectionString) {
  const view = new pg.Client({ connectionString });
  const control = new pg.Client({ connectionString });
  const raw = new pg.Client({ connectionString });
  const pool = cancellablePool(newPool(connectionString, 1));
  await Promise.all([view.connect(), control.connect(), raw.connect()]);
  const isRunning = async () => {
    const { rows } = await view.query(
      "select 1 from pg_stat_activity where state = 'active' and query like '%to be cancelled%' and pid <> pg_backend_pid()",
    );
    return rows.length > 0;
  };
  const sql = "select pg_sleep(60) /* to be cancelled */";
  const { processID } = /** @type {any} */ (raw); // the types leave it out
  const ways = {
    /** @returns {[Promise<unknown>, () => unknown]} */
    cancellablePool: () => {
      const op = new Cancellable();
      return [op.settle(() => pool.query(sql)), () => op.cancel()];
    },
    /** @returns {[Promise<unknown>, () => unknown]} */
    "CancelRequest by hand": () => [raw.query(sql).catch(() => {}), () => requestByHand(raw)],
    /** @returns {[Promise<unknown>, () => unknown]} */
    "pg_cancel_backend by hand, warm connection": () => [
      raw.query(sql).catch(() => {}),
      () => control.query("select pg_cancel_backend($1)", [processID]),
    ],
  };
  /** @type {Record<string, { gone: number[], rejected: number[] }>} */
  const samples = {};
  for (let i = 0; i < queries; i++) {
    for (const [name, way] of Object.entries(ways)) {
      const [running, cancel] = way();
      while (!(await isRunning()));
      const from = performance.now();
      const request = cancel();
      const rejected = running.then(() => performance.now() - from);
      while (await isRunning());
      const gone = performance.now() - from;
      const entry = (samples[name] ??= { gone: [], rejected: [] });
      entry.gone.push(gone);
      entry.rejected.push(await rejected);
      await request;
    }
  }
  for (const [name, { gone, rejected }] of Object.entries(samples))
    console.log(
      `${name}: ${gone.length} statements; row gone p50 ${quantile(gone, 0.5)} ms, p99 ${quantile(gone, 0.99)} ms; rejected p50 ${quantile(rejected, 0.5)} ms, p99 ${quantile(rejected, 0.99)} ms`,
    );
  await Promise.all([view.end(), control.end(), raw.end(), pool.end()]);
}

/** @param {string} connectionString */
async function manyAtOnce(connectionString) {
  const sql = "select $1::int as a, pg_sleep(0.01)";
  /** @typedef {{ status: string, value?: unknown }} Result */
  /** @type {Record<string, (pool: pg.Pool, i: number, cancelAfter: number | undefined) => Promise<Result>>} */
  const ways = {
    cancellablePool(pool, i, cancelAfter) {
      const op = new Cancellable();
      return op.settle(async () => {
        const client = await pool.connect();
        try {
          if (cancelAfter !== undefined) setTimeout(() => op.cancel(), cancelAfter);
          return (await client.query(sql, [i])).rows[0].a;
        } finally {
          client.release();
        }
      });
    },
  };
  for (const isAwaited of [true, false])
    ways[`CancelRequest by hand, ${isAwaited ? "awaited" : "not awaited"} before release()`] = async (
      pool,
      i,
      cancelAfter,
    ) => {
      const client = await pool.connect();
      let request = Promise.resolve();
      const timer =
        cancelAfter !== undefined &&
        setTimeout(() => {
          request = requestByHand(client);
        }, cancelAfter);
      try {
        return { status: "completed", value: (await client.query(sql, [i])).rows[0].a };
      } catch {
        return { status: "failed" };
      } finally {
        if (timer !== false) clearTimeout(timer);
        if (isAwaited) await request;
        else request.catch(() => {});
        client.release();
      }
    };
  const subjects = await Promise.all(
    Object.entries(ways).map(async ([name, way]) => {
      const raw = newPool(connectionString, 20);
      const pool = name === "cancellablePool" ? cancellablePool(raw) : raw;
      await Promise.all(Array.from({ length: 20 }, () => pool.query("select pg_sleep(0.2)"))); // connects
      return { name, way, pool, victims: 0, cancelled: 0, ms: 0 };
    }),
  );
  for (let round = 0; round < rounds; round++)
    for (const subject of subjects) {
      await sleep(30); // until the server has done the last requests of the subject before
      const from = performance.now();
      const outcomes = await Promise.all(
        Array.from({ length: 50 }, (_, i) =>
          subject.way(subject.pool, i, i % 2 === 0 ? 12 * Math.random() : undefined),
        ),
      );
      subject.ms += performance.now() - from;
      for (const [i, { status, value }] of outcomes.entries()) {
        if (status === "completed") {
          if (value !== i) throw new Error("a wrong answer");
        } else if (i % 2 === 0) subject.cancelled++;
        else subject.victims++;
      }
    }
  for (const { name, pool, victims, cancelled, ms } of subjects) {
    console.log(
      `${name}: ${rounds} rounds of 50, ${cancelled} cancelled, ${victims} wrong victims, pool ${pool.idleCount}/${pool.totalCount} idle, ${ms.toFixed(0)} ms`,
    );
    await pool.end();
  }
}

await withPostgres(async (connectionString) => {
  console.log("1. the late cancel");
  await lateCancel(connectionString);
  console.log("2. from the cancellation to the end");
  await timeToGone(connectionString);
  console.log("3. 50 at once, half of them cancelled");
  await manyAtOnce(connectionString);
});
