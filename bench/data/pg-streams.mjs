/**
 * Stops cursors, streams, COPY and transactions of pg at random moments, and looks at what is left:
 *
 *   node bench/data/pg-streams.mjs [--runs 4000] [--transactions 4000] [--queries 200]
 *
 * 1. Cursors and streams that a cancellation, a `destroy()` or a `break` ends at a random moment, then at once another statement on
 *    the same connection. How often is the second one hit, and does a copy store a part of its rows?
 * 2. Transactions that are cancelled at a random moment. Has the server stored what the outcome says?
 * 3. The time from the cancellation of a transaction to its end, against `ROLLBACK` by hand.
 */
import { once } from "node:events";
import { Readable } from "node:stream";
import { finished, pipeline } from "node:stream/promises";
import { parseArgs } from "node:util";
import { Cancellable, sleepForever } from "@hother/cancelable";
import { cancellablePool, withTransaction } from "@hother/cancelable-integrations/pg";
import pg from "pg";
import pgCopyStreams from "pg-copy-streams";
import Cursor from "pg-cursor";
import QueryStream from "pg-query-stream";
import { withPostgres } from "./postgres.mjs";

const { from: copyFrom, to: copyTo } = pgCopyStreams;
const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "4000" },
    transactions: { type: "string", default: "4000" },
    queries: { type: "string", default: "200" },
  },
});
const lanes = 4;

/** @param {string} connectionString */
function newPool(connectionString) {
  const pool = new pg.Pool({ connectionString, max: 1 });
  pool.on("error", () => {}); // the server can stop before the last connection has closed
  return cancellablePool(pool);
}

/**
 * Fails if `work` takes longer than 20 s, because a connection that hangs would end the measurement without a word.
 *
 * @template T
 * @param {string} what
 * @param {Promise<T>} work
 * @returns {Promise<T>}
 */
async function soon(what, work) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const late = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} hangs`)), 20_000);
  });
  try {
    return await /** @type {Promise<T>} */ (Promise.race([work, late]));
  } finally {
    clearTimeout(timer);
  }
}

// The server sleeps about 1 ms for each row.
const rows = "select n, pg_sleep(0.0001) from generate_series(1, 10) n";
const table = (/** @type {number} */ lane) => `copied_${lane}`;

/**
 * The kinds of statements. Each resolves when its statement has ended, and ends it by itself when `stop` is called, if it can.
 *
 * @type {Record<string, (client: pg.PoolClient, lane: number, stop: Promise<void>) => Promise<unknown>>}
 */
const kinds = {
  async "cursor, cancelled"(client) {
    const cursor = client.query(new Cursor(rows));
    while ((await cursor.read(4)).length > 0);
  },
  async "cursor, closed"(client, _lane, stop) {
    const cursor = client.query(new Cursor(rows));
    void stop.then(() => cursor.close());
    while ((await cursor.read(4)).length > 0);
  },
  async "query stream, cancelled"(client) {
    for await (const _ of client.query(new QueryStream(rows, [], { batchSize: 4 })));
  },
  async "query stream, destroyed"(client, _lane, stop) {
    const stream = client.query(new QueryStream(rows, [], { batchSize: 4 }));
    void stop.then(() => stream.destroy());
    await finished(stream.resume());
  },
  async "query stream, break"(client, _lane, stop) {
    let isStopped = false;
    void stop.then(() => {
      isStopped = true;
    });
    for await (const _ of client.query(new QueryStream(rows, [], { batchSize: 3 }))) if (isStopped) break;
  },
  async "COPY TO, cancelled"(client) {
    await finished(client.query(copyTo(`copy (${rows}) to stdout`)).resume());
  },
  async "COPY TO, destroyed"(client, _lane, stop) {
    const stream = client.query(
      copyTo("copy (select repeat('x', 1000) from generate_series(1, 5000)) to stdout"),
    );
    void stop.then(() => stream.destroy());
    await finished(stream.resume());
  },
  async "COPY FROM, cancelled"(client, lane) {
    await pipeline(Readable.from(slowLines()), client.query(copyFrom(`copy ${table(lane)} from stdin`)));
  },
  async "COPY FROM, destroyed"(client, lane, stop) {
    const stream = client.query(copyFrom(`copy ${table(lane)} from stdin`));
    void stop.then(() => stream.destroy());
    await pipeline(Readable.from(slowLines()), stream);
  },
};

async function* slowLines() {
  for (let i = 0; i < 5; i++) {
    yield `${i}\n`;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** @param {string} connectionString */
async function streams(connectionString) {
  const runs = Number(values.runs);
  /** @type {Record<string, { runs: number, stopped: number, hits: number, parts: number }>} */
  const table1 = {};
  const names = Object.keys(kinds);
  await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      const pool = newPool(connectionString);
      await pool.query(`create table ${table(lane)} (n int)`);
      for (let run = 0; run < runs / lanes; run++) {
        const name = /** @type {string} */ (names[run % names.length]);
        const entry = (table1[name] ??= { runs: 0, stopped: 0, hits: 0, parts: 0 });
        entry.runs++;
        const client = await pool.connect();
        const op = new Cancellable();
        const stop = new Promise((resolve) => setTimeout(resolve, 14 * Math.random()));
        if (name.includes("cancelled")) void stop.then(() => op.cancel());
        const outcome = await soon(
          name,
          op.settle(() => /** @type {any} */ (kinds[name])(client, lane, stop)),
        );
        if (outcome.status !== "completed") entry.stopped++;
        await soon(
          `the statement after ${name}`,
          client.query("select pg_sleep(0.001)").catch((error) => {
            if (error.code !== "57014") throw error;
            entry.hits++;
          }),
        );
        if (name.startsWith("COPY FROM")) {
          const { rows: found } = await client.query(`select count(*)::int as n from ${table(lane)}`);
          const stored = found[0].n;
          if (stored !== 0 && stored !== 5) entry.parts++;
          if (outcome.status === "completed" && stored !== 5) entry.parts++;
          await client.query(`truncate ${table(lane)}`);
        }
        client.release();
      }
      if (pool.totalCount !== 1 || pool.idleCount !== 1) throw new Error("the pool is not whole");
      await pool.end();
    }),
  );
  for (const [name, entry] of Object.entries(table1))
    console.log(
      `${name}: ${entry.runs} runs, ${entry.stopped} ended by it, ${entry.hits} next statements hit, ${entry.parts} stored a part`,
    );
}

/** @param {string} connectionString */
async function transactions(connectionString) {
  const runs = Number(values.transactions);
  const count = { stored: 0, cancelled: 0, inner: 0, hits: 0, wrong: 0 };
  await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      const pool = newPool(connectionString);
      await pool.query(`create table kept_${lane} (n int, part text)`);
      const insert = `insert into kept_${lane} values ($1, $2)`;
      /** @type {Map<number, { outer: boolean, inner: boolean }>} */
      const expected = new Map();
      for (let run = 0; run < runs / lanes; run++) {
        const op = new Cancellable();
        setTimeout(() => op.cancel(), 10 * Math.random());
        let hasInner = false;
        const outcome = await soon(
          "a transaction",
          op.settle(() =>
            withTransaction(pool, async (client) => {
              await client.query(insert, [run, "outer"]);
              // The inner one is cancelled alone in one half of the runs.
              const inner = new Cancellable();
              if (run % 2 === 0) setTimeout(() => inner.cancel(), 5 * Math.random());
              const part = await inner.settle(() =>
                withTransaction(client, async (own) => {
                  await own.query(insert, [run, "inner"]);
                  await own.query("select pg_sleep(0.001)");
                }),
              );
              hasInner = part.status === "completed";
              if (!hasInner) count.inner++;
              await client.query("select pg_sleep(0.001)");
            }),
          ),
        );
        if (outcome.status === "completed") count.stored++;
        else count.cancelled++;
        if (outcome.status === "failed") throw outcome.error;
        expected.set(run, {
          outer: outcome.status === "completed",
          inner: outcome.status === "completed" && hasInner,
        });
        await pool.query("select pg_sleep(0.001)").catch((error) => {
          if (error.code !== "57014") throw error;
          count.hits++;
        });
      }
      const { rows: found } = await pool.query(`select n, part from kept_${lane}`);
      const kept = new Set(found.map(({ n, part }) => `${n} ${part}`));
      for (const [run, { outer, inner }] of expected)
        if (kept.has(`${run} outer`) !== outer || kept.has(`${run} inner`) !== inner) count.wrong++;
      const { rows: open } = await pool.query(
        "select 1 from pg_stat_activity where state like 'idle in transaction%'",
      );
      if (open.length > 0 && pool.totalCount !== 1) throw new Error("a transaction is left open");
      await pool.end();
    }),
  );
  console.log(
    `${runs} transactions: ${count.stored} stored, ${count.cancelled} cancelled, ${count.inner} inner ones undone, ${count.hits} next statements hit, ${count.wrong} stored other rows than the outcome says`,
  );
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
async function timeToEnd(connectionString) {
  const pool = newPool(connectionString);
  const raw = new pg.Client({ connectionString });
  await raw.connect();
  await raw.query("create table timed (n int)");
  /** @type {Record<string, number[]>} */
  const samples = { idle: [], running: [], byHand: [] };
  for (let i = 0; i < Number(values.queries); i++) {
    for (const kind of /** @type {const} */ (["idle", "running"])) {
      const op = new Cancellable();
      let begun = () => {};
      const hasBegun = new Promise((resolve) => {
        begun = () => resolve(undefined);
      });
      const ending = op.settle(() =>
        withTransaction(pool, async (client) => {
          await client.query("insert into timed values (1)");
          begun();
          if (kind === "idle") await sleepForever();
          await client.query("select pg_sleep(60)");
        }),
      );
      await hasBegun;
      await new Promise((resolve) => setTimeout(resolve, 5));
      const from = performance.now();
      op.cancel();
      await ending;
      samples[kind]?.push(performance.now() - from);
    }
    await raw.query("begin");
    await raw.query("insert into timed values (1)");
    const from = performance.now();
    await raw.query("rollback");
    samples.byHand?.push(performance.now() - from);
  }
  for (const [name, times] of Object.entries(samples))
    console.log(
      `${name}: ${times.length} times, p50 ${quantile(times, 0.5)} ms, p99 ${quantile(times, 0.99)} ms`,
    );
  await Promise.all([pool.end(), once(raw, "end"), raw.end()]);
}

await withPostgres(async (connectionString) => {
  console.log("1. cursors and streams that are stopped at a random moment");
  await streams(connectionString);
  console.log("2. transactions that are cancelled at a random moment");
  await transactions(connectionString);
  console.log("3. from the cancellation to the end of the transaction");
  await timeToEnd(connectionString);
});
